/* SPDX-License-Identifier: Apache-2.0 */
/* java.h: Java's runtimes, which need two things: a JVM of the version, and AWS's runtime interface client. */
#ifndef LRUN_JAVA_H
#define LRUN_JAVA_H

#include "launcher/launch/runtime.h"

/* Finds both, unless the root file system has AWS's own bootstrap, and fills what rt has of an interpreter, and in->added.client. rt's
 * interpreter may be one of the store already. version 0: any that AWS has, and rt's id becomes its. One message names all that is missing.
 */
int java_choose(struct inputs *in, struct runtime *rt, struct err *err);

/* Is there one in the root file system? Its path goes into rt's interpreter. */
bool java_in_root(int root, struct runtime *rt);

/* The version by what the file "release" of a JDK, which is open, has as JAVA_VERSION: "17.0.15" is 17, "1.8.0_392" is 8. 0: it has none.
 */
unsigned java_version(int fd);

/* Directories of /etc that Debian's JVMs have their configuration in, for the plan: of the one that runs, or of all in /usr. */
void java_find_own(const struct runtime *rt, struct plan_runtime *ret);
void java_find_all(struct plan_runtime *ret);

/* Where AWS's jars are from. */
#define JAVA_CLIENT_WANTED "Maven's com.amazonaws:aws-lambda-java-runtime-interface-client and its dependencies"

/* Whether the directory holds all of them, as files: lrun runtime add ID --client. source: its name in messages. */
int java_judge_client(int dir, const char *source, const char *id, struct err *err);

/* store_pack()'s: what is none of them, nor their native library, stays out. */
bool java_client_leaves(const char *path);

#endif
