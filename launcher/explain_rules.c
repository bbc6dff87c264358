/* SPDX-License-Identifier: Apache-2.0 */
/* explain_rules.c: the table of causes, most telling first. Ids are for good: a new row takes the next number. */
#include "launcher/explain_rule.h"

#include "base/own.h"

#define NOT_FOUND "(No such file or directory|no such file or directory|ENOENT|required file not found|bad interpreter)"
#define DENIED "(Permission denied|permission denied|EACCES)"
#define EROFS_WORDS "(\\[Errno 30\\] Read-only file system|[Rr]ead-only file system|EROFS)"
#define PYTHON_MODULE "No module named '?([A-Za-z0-9_.]+)'?"
#define HANDLER_MODULE "Unable to import module '([^']+)'"
#define NODE_MODULE "Cannot find (module|package) '([^']+)'"

const struct rule RULES[] = {
    /* How it ended. */
    {"LR-001", NULL, tell_memory, NULL},
    {"LR-002", NULL, tell_init_timeout, NULL},
    {"LR-003", NULL, tell_timeout, NULL},
    {"LR-004", NULL, tell_response, NULL},
    {"LR-005", NULL, tell_exit, NULL},
    {"LR-006", NULL, tell_signal, NULL},

    /* What did not start. */
    {"LR-007", NOT_FOUND, tell_crlf, NULL},
    {"LR-008", NOT_FOUND, tell_loader, NULL},
    {"LR-009", NOT_FOUND, tell_interpreter, NULL},
    {"LR-010", "([Ee]xec format error|ENOEXEC|invalid ELF header|wrong ELF class)", tell_machine, NULL},
    {"LR-011", "([Ee]xec format error|ENOEXEC)", tell_no_shebang, NULL},
    {"LR-012", DENIED, tell_not_executable, NULL},
    {"LR-013", DENIED, tell_unreadable, NULL},
    {"LR-014", "Couldn't find valid bootstrap", tell_no_bootstrap, NULL},
    {"LR-015", "Couldn't find valid bootstrap\\(s\\): \\[/var/task/(bootstrap)", tell_nested, NULL},

    /* Libraries. */
    {"LR-016", "([^ :/'\"]*lib[^ :'\"]*\\.so[^ :'\"]*|/[^ :'\"]*\\.(so|node)[^ :'\"]*): cannot open shared object file", tell_foreign_library, NULL},
    {"LR-017", "version [`']((GLIBC|GLIBCXX|CXXABI)_[0-9.]+)' not found \\(required by ([^)]+)\\)", tell_version, NULL},
    {"LR-018", "([^ :'\"]*lib[^ :'\"]*\\.so[^ :'\"]*): cannot open shared object file", tell_library, NULL},
    {"LR-019", "symbol lookup error: ([^ :]+): undefined symbol: ([A-Za-z0-9_.@]+)", tell_symbol, NULL},

    /* Modules. */
    {"LR-015", HANDLER_MODULE, tell_nested, NULL},
    {"LR-015", "Cannot find module '([A-Za-z0-9_/]+)'", tell_nested, NULL},
    {"LR-020", PYTHON_MODULE, tell_backslash, NULL},
    {"LR-020", "Cannot find module '([^']+)'", tell_backslash, NULL},
    {"LR-021", HANDLER_MODULE, tell_case, NULL},
    {"LR-021", "Cannot find module '([^']+)'", tell_case, NULL},
    {"LR-021", PYTHON_MODULE, tell_case, NULL},
    {"LR-022", "Cannot find module '([^']+)'", tell_dangling, NULL},
    {"LR-022", PYTHON_MODULE, tell_dangling, NULL},
    {"LR-023", "Cannot find package '([^']+)' imported from", tell_esm, NULL},
    {"LR-024", PYTHON_MODULE, tell_prefix, NULL},
    {"LR-024", "Cannot find module '([^']+)'", tell_prefix, NULL},
    {"LR-025", PYTHON_MODULE, tell_abi, NULL},
    {"LR-026", "cannot import name '?([A-Za-z0-9_]+)'? from '?([A-Za-z0-9_.]+)'? \\((/opt/[^)]+)\\)", tell_shadow, NULL},

    /* A read-only file system, and no home. */
    {"LR-027", "attempt to write a readonly database", tell_database, NULL},
    {"LR-028", "unable to open database file", tell_wal, NULL},
    {"LR-029", EROFS_WORDS "[^\n]*(/home/[^ '\":,)]+)", NULL, "the home directory of Lambda's user does not exist and cannot be made: /home is read-only; set HOME (or the library's own variable) to a directory in /tmp"},
    {"LR-029", "(ENOENT|No such file or directory)[^\n]*(/home/sbx_user1051)", NULL, "the home directory of Lambda's user does not exist and cannot be made: /home is read-only; set HOME (or the library's own variable) to a directory in /tmp"},
    {"LR-030", "(HOME: parameter not set|HOME: unbound variable|\\$HOME not set|nor \\$HOME are defined|Could not determine home directory|couldn't find login name)", NULL,
     "HOME is not set on Lambda: set it in the function's variables, to a directory in /tmp"},
    {"LR-031", "cannot cache function [^\n]*: no locator available", NULL,
     "the cache of compiled functions has no place: packages are read-only on Lambda and there is no home directory; set NUMBA_CACHE_DIR to a directory in /tmp"},
    {"LR-032", "Read-only file system: '([^']+)'", tell_read_only, NULL},
    {"LR-032", "EROFS: read-only file system, [a-z]+ '([^']+)'", tell_read_only, NULL},
    {"LR-032", "([^ :'\"]+): Read-only file system", tell_read_only, NULL},

    /* Shared memory. */
    {"LR-033", "(SemLock|multiprocessing/synchronize|_posixshmem|shared_memory|/psm_|shm_open|sem_open|SHM2|[Ee]rrno [0-9]+\\][^\n]*semaphore)", tell_shm, NULL},
    {"LR-034", "(SemLock|multiprocessing/synchronize|_posixshmem|shared_memory|/psm_|shm_open|sem_open|SHM2)", tell_shm_denied, NULL},

    /* Limits, and what is left. */
    {"LR-035", "(No space left on device|ENOSPC|Errno 28\\]|errno=28)", tell_tmp_full, NULL},
    {"LR-036", "(File exists|EEXIST|EADDRINUSE|[Aa]ddress already in use)[^/\n]*(/tmp/[^ '\":,)]+)", tell_left_over, NULL},
    {"LR-037", "(/tmp/[^ '\":,)]+)", tell_half_done, NULL},
    {"LR-038", "(EMFILE|Too many open files|Errno 24\\])", NULL,
     "all 1024 file descriptors of the environment are in use, which is Lambda's limit, and those that earlier invocations left open count: close what is opened, and make clients once, outside the handler"},
    {"LR-039", "(can't start new thread|Error creating thread|pthread_create[^\n]*(Resource temporarily|failed)|fork: retry: Resource temporarily unavailable|spawn [^\n]* EAGAIN|BlockingIOError: \\[Errno 11\\] Resource temporarily unavailable)", NULL,
     "all 1024 processes and threads of the environment are in use, which is Lambda's limit, and those of earlier invocations live on: end or join what is started, cancel timers"},
    {"LR-040", "(RemoteDisconnected|ECONNRESET|Connection reset by peer|socket hang up|ConnectionResetError|BrokenPipeError|EPIPE|Connection aborted|server closed the connection)", tell_frozen, NULL},

    /* Who it is, and what it may. */
    {"LR-041", "(sete?[ug]id|setre[ug]id|setres[ug]id|setgroups|chown)", tell_other_user, NULL},
    {"LR-042", "(getpwuid\\(\\): uid not found|uv_os_get_passwd returned ENOENT)", NULL,
     "the function's user has no entry in /etc/passwd, as some of Lambda's hosts have it: do not ask for its name, or be ready for there being none"},
    {"LR-043", "(unshare|CLONE_NEW|No usable sandbox)", tell_namespaces, NULL},
    {"LR-044", "(ptrace|PTRACE_[A-Z]+)", tell_ptrace, NULL},

    /* Variables. */
    {"LR-045", "(Invalid time zone specified: :[A-Za-z/]+|has no data for :[A-Za-z/]+|keys may not be absolute paths)", NULL,
     "TZ begins with a colon on Lambda (:UTC, or :/etc/localtime), which the C library allows and others do not: strip it, or name the zone UTC yourself"},
    {"LR-046", "unsupported locale setting", NULL, "LANG is en_US.UTF-8 on Lambda, but that locale is not installed: use C.UTF-8, or do without setlocale"},

    /* What is not there. */
    {"LR-047", NOT_FOUND "[^\n]*(/sys/[^ '\":,)]*)", NULL, "there is no /sys on Lambda: read limits from the variables (AWS_LAMBDA_FUNCTION_MEMORY_SIZE), and be ready for there being none"},
    {"LR-048", "(ENOENT|ENXIO|No such device or address|No such file or directory)[^\n]*/dev/tty", NULL, "there is no terminal on Lambda: do not open /dev/tty"},
    {"LR-049", "(EADDRINUSE|[Aa]ddress already in use)[^\n]*9001", NULL, "port 9001 is the Runtime API's: listen on another, or on 127.0.0.1 alone"},

    /* lrun's own defaults, that are not Lambda's. */
    {"LR-050", "(Network is unreachable|ENETUNREACH|EAI_AGAIN|Temporary failure in name resolution|Could not resolve host|Name or service not known|ENOTFOUND|Could not connect to the endpoint URL)", tell_no_network, NULL},
    {"LR-051", "(UnrecognizedClientException|InvalidClientTokenId|[Ss]ecurity token included in the request is invalid)", tell_no_account, NULL},
};
const size_t RULE_COUNT = COUNT(RULES);
