/* SPDX-License-Identifier: Apache-2.0 */
/* docgen.c: prints what is made of the option table: "man", and completions for "bash", "zsh" and "fish". */
#include "launcher/command/cli.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "man") == 0)
        cli_man_options(stdout);
    else if (argc == 2 && strcmp(argv[1], "bash") == 0)
        cli_bash_completion(stdout);
    else if (argc == 2 && strcmp(argv[1], "zsh") == 0)
        cli_zsh_completion(stdout);
    else if (argc == 2 && strcmp(argv[1], "fish") == 0)
        cli_fish_completion(stdout);
    else
        return 2;
    return 0;
}
