/* SPDX-License-Identifier: Apache-2.0 */
/* adder.c: the program that the package under test brings. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    long sum = 0;
    for (int i = 1; i < argc; i++)
        sum += atol(argv[i]);
    return printf("%ld\n", sum) < 0;
}
