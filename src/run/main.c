/* weir: one program, one verb at a time. */
int main(void)
{
	return 0;
}
