/* SPDX-License-Identifier: MIT
 *
 * token.h - `wye token`: makes and checks JSON Web Tokens on the command line.
 */
#ifndef WYE_CORE_TOKEN_H
#define WYE_CORE_TOKEN_H

/* `argv[0]` is "token". Returns the program's exit status: 0; 1: the token is not valid, or
 * can't be made; 2: wrong usage. */
int wye_token_main(int argc, char **argv);

#endif
