/* One program, many hosts: each role is what one machine of the plant, or one task of it, does.
 * The table that names them is in main.c. */
#ifndef DEMO_ROLES_H
#define DEMO_ROLES_H

int role_physics(int argc, char **argv);
int role_plc1(int argc, char **argv);
int role_plc2(int argc, char **argv);
int role_rtu(int argc, char **argv);
int role_flow(int argc, char **argv);
int role_gateway(int argc, char **argv);
int role_scada(int argc, char **argv);
int role_check(int argc, char **argv);
int role_historian(int argc, char **argv);
int role_office(int argc, char **argv);
int role_services(int argc, char **argv);
int role_lease(int argc, char **argv);
int role_clock(int argc, char **argv);
int role_neighbour(int argc, char **argv);
int role_page(int argc, char **argv);
int role_call(int argc, char **argv);
int role_engineer(int argc, char **argv);
int role_intruder(int argc, char **argv);
int role_plain(int argc, char **argv);
int role_record(int argc, char **argv);

#endif
