/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h: what main.c chooses from. Each returns the exit status; on -1 it has filled err. What a launch has to know of a command is
 * the const struct beside it. */
#ifndef LRUN_COMMANDS_H
#define LRUN_COMMANDS_H

#include "base/err.h"
#include "launcher/launch/exit_status.h"
#include "launcher/launch/request.h"

// clang-format off
extern const struct command_kind KIND_RUN, KIND_EXEC, KIND_SERVE, KIND_INSPECT, KIND_DOCTOR, KIND_EXPLAIN, KIND_HELP, KIND_CACHE;
extern const struct command_kind KIND_RUNTIME, KIND_PROJECT, KIND_EVENT, KIND_LAYER, KIND_TEST, KIND_BATCH;
// clang-format on

int cmd_run(const struct request *r, struct err *err);
int cmd_exec(const struct request *r, struct err *err);
int cmd_batch(const struct request *r, struct err *err);
int cmd_enter(const struct request *r, struct err *err); /* exec --in */
int cmd_serve(const struct request *r, struct err *err);
int cmd_test(const struct request *r, struct err *err);
int cmd_inspect(const struct request *r, struct err *err);
int cmd_doctor(const struct request *r, struct err *err);
int cmd_event(const struct request *r, struct err *err);
int cmd_explain(const struct request *r, struct err *err);
int cmd_help(const struct request *r, struct err *err);
int cmd_project(const struct request *r, struct err *err);
int cmd_project_fetch(const struct request *r, struct err *err); /* project fetch */
int cmd_runtime(const struct request *r, struct err *err);
int cmd_runtime_add(const struct request *r, struct err *err); /* runtime add */
int cmd_layer(const struct request *r, struct err *err);
int cmd_layer_add(const struct request *r, struct err *err);   /* layer add */
int cmd_layer_fetch(const struct request *r, struct err *err); /* layer fetch */
int cmd_cache(const struct request *r, struct err *err);

#endif
