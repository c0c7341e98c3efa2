/* Which names are those of secrets: values under them are never told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sense/secret.h"

static void names_of_secrets(void **unused)
{
	(void)unused;
	static const char *const names[] = { "password", "Password", "userPassword2", "passwords",
		"password_new", "passwordHash", "new-password", "passwd", "Passwort", "passphrase",
		"pass_phrase", "PassCode", "wifi_pw", "pwd", "psk", "credentials", "credential_id",
		"api-key", "api_key", "apiKey", "APIKEYS", "private-key", "secret", "secret_key",
		"client-secret", "accessKey", "passkey", "sessionkey", "session_key", "token",
		"tokens", "pin", "PIN", "user_pin", "pinCode", "password-", "pwd_1" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (!secret_named(names[i], strlen(names[i])))
			fail_msg("%s is told", names[i]);
}

static void names_of_others(void **unused)
{
	(void)unused;
	static const char *const names[] = { "", "1", "s", "_", "bypass", "Valve_Bypass1",
		"compass", "low_pass", "HighPass", "bandpass2", "pump_w", "pins", "pin4", "spin",
		"gpio_pin", "key", "primary_key", "keyboard", "passenger", "passive", "p", "pas",
		"passwor", "tokenizer", "secretary", "temperature", "flow_pass_2_rate" };
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (secret_named(names[i], strlen(names[i])))
			fail_msg("%s is hidden", names[i]);
}

static void any_level_of_a_path(void **unused)
{
	(void)unused;
	static const char *const hidden[] = { "wifi/password/set", "User.Token[2]",
		"MAIN.sPassword", "\"DB\".\"pin\"", "LD0/SYS$SP$passwd", "Program:Pin",
		"ns=2;s=pin", "pin" };
	static const char *const told[] = { "line/pump/speed", "passive/age/1/bypass",
		"MAIN.nCount", "//", "" };
	for (size_t i = 0; i < COUNT_OF(hidden); i++)
		assert_true(secret_on_the_way(hidden[i], strlen(hidden[i])));
	for (size_t i = 0; i < COUNT_OF(told); i++)
		assert_false(secret_on_the_way(told[i], strlen(told[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_secrets),
		cmocka_unit_test(names_of_others),
		cmocka_unit_test(any_level_of_a_path),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
