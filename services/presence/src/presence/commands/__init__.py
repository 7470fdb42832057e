"""What people can make happen: one command, one transaction. On any error nothing is stored or published."""
