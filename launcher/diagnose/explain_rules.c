/* SPDX-License-Identifier: Apache-2.0 */
/* explain_rules.c: THE TABLE of causes, most telling first. Ids are for good, since pages, logs and other tools refer to them: a new
 * row takes the next number and a page in docs/why/. Rows are applied by explain.c; the checks they name are explain_*.c.
 *   id, pattern (POSIX extended; NULL: always), check (NULL: the pattern is enough), sentence (%s: what was found), refused calls */
#include "launcher/diagnose/explain_rule.h"

#include "base/own.h"

#define NOT_FOUND "(No such file or directory|no such file or directory|ENOENT|required file not found|bad interpreter)"
#define DENIED "(Permission denied|permission denied|EACCES)"
#define EROFS_WORDS "(\\[Errno 30\\] Read-only file system|[Rr]ead-only file system|EROFS)"
#define PYTHON_MODULE "No module named '?([A-Za-z0-9_.]+)'?"
#define HANDLER_MODULE "Unable to import module '([^']+)'"
#define NOT_PERMITTED "([Oo]peration not permitted|EPERM|Errno 1\\])"

/* Sentences of several rows. */
#define NO_HOME \
    "the home directory of Lambda's user does not exist and cannot be created, since /home is read-only: set HOME (or the library's own " \
    "variable) to a directory in /tmp"
#define ONE_USER "a function on Lambda runs as one unprivileged user, and cannot switch users or change the owner of files: remove the call"
#define NO_NAMESPACES \
    "programs cannot create namespaces on Lambda, so they cannot sandbox themselves: disable their sandbox (Chromium: --no-sandbox)"
#define NO_SYS \
    "there is no /sys on Lambda: read limits from environment variables (AWS_LAMBDA_FUNCTION_MEMORY_SIZE), and handle the missing files"
#define NO_DEV_FD "there is no /dev/fd on Lambda, which bash's <(...) and >(...) need: use a pipe or a file in /tmp; /proc/self/fd is there"
#define ALL_TASKS \
    "all 1024 processes and threads of the environment are in use (Lambda's limit), including those that earlier invocations left " \
    "running: join threads, end processes and cancel timers"
#define NO_PTRACE "ptrace is refused on Lambda, so debuggers and crash handlers do not work there (lrun allows it with --debug)"

const struct rule RULES[] = {
    /* How the runtime ended. */
    {"LR-001", NULL, tell_memory, NULL, NULL},
    {"LR-002", NULL, tell_init_timeout, NULL, NULL},
    {"LR-003", NULL, tell_timeout, NULL, NULL},
    {"LR-004", NULL, tell_response, NULL, NULL},
    {"LR-005", NULL, tell_exit, NULL, NULL},
    {"LR-006", NULL, tell_signal, NULL, NULL},

    /* Programs that did not start. */
    {"LR-068", "^Extension\\.(Crash|ExitError)$", tell_extension_ended, NULL, NULL},
    {"LR-069", "(/opt/extensions/[^ :]+)", tell_mac_extension, NULL, NULL},
    {"LR-070", "^(/[^ :]+): (does not exist|is not an executable)$", tell_wrapper, NULL, NULL},
    {"LR-067", "fork/exec (/var/runtime/bootstrap): no such file or directory", tell_bootstrap_interpreter, NULL, NULL},
    {"LR-067", NOT_FOUND, tell_host_interpreter, NULL, NULL},
    {"LR-007", NOT_FOUND, tell_crlf, NULL, NULL},
    {"LR-008", NOT_FOUND, tell_loader, NULL, NULL},
    {"LR-009", NOT_FOUND, tell_interpreter, NULL, NULL},
    {"LR-010", "([Ee]xec format error|ENOEXEC|invalid ELF header|wrong ELF class)", tell_machine, NULL, NULL},
    {"LR-011", "([Ee]xec format error|ENOEXEC)", tell_no_shebang, NULL, NULL},
    {"LR-012", DENIED, tell_not_executable, NULL, NULL},
    {"LR-013", DENIED, tell_unreadable, NULL, NULL},
    {"LR-014", "Couldn't find valid bootstrap", tell_no_bootstrap, NULL, NULL},
    {"LR-015", "Couldn't find valid bootstrap\\(s\\): \\[/var/task/(bootstrap)", tell_nested, NULL, NULL},

    /* Libraries. */
    {"LR-016", "([^ :/'\"]*lib[^ :'\"]*\\.so[^ :'\"]*|/[^ :'\"]*\\.(so|node)[^ :'\"]*): cannot open shared object file",
     tell_foreign_library, NULL, NULL},
    {"LR-017", "version [`']((GLIBC|GLIBCXX|CXXABI)_[0-9.]+)' not found \\(required by ([^)]+)\\)", tell_version, NULL, NULL},
    {"LR-018", "([^ :'\"]*lib[^ :'\"]*\\.so[^ :'\"]*): cannot open shared object file", tell_library, NULL, NULL},
    {"LR-019", "symbol lookup error: ([^ :]+): undefined symbol: ([A-Za-z0-9_.@]+)", tell_symbol, NULL, NULL},

    /* Modules. First what AWS's runtimes bring and lrun's do not. */
    {"LR-073", PYTHON_MODULE, tell_sdk, NULL, NULL},
    {"LR-073", "Cannot find (module|package) '([^']+)'", tell_sdk, NULL, NULL},
    {"LR-074", "Cannot find (module|package) '(aws-sdk(/[^']*)?)'", tell_sdk_2, NULL, NULL},
    {"LR-015", HANDLER_MODULE, tell_nested, NULL, NULL},
    {"LR-015", "Cannot find module '([A-Za-z0-9_/]+)'", tell_nested, NULL, NULL},
    {"LR-020", PYTHON_MODULE, tell_backslash, NULL, NULL},
    {"LR-020", "Cannot find module '([^']+)'", tell_backslash, NULL, NULL},
    {"LR-021", HANDLER_MODULE, tell_case, NULL, NULL},
    {"LR-021", "Cannot find module '([^']+)'", tell_case, NULL, NULL},
    {"LR-021", PYTHON_MODULE, tell_case, NULL, NULL},
    {"LR-022", "Cannot find module '([^']+)'", tell_dangling, NULL, NULL},
    {"LR-022", PYTHON_MODULE, tell_dangling, NULL, NULL},
    {"LR-023", "Cannot find package '([^']+)' imported from", tell_esm, NULL, NULL},
    {"LR-063", PYTHON_MODULE, tell_hidden_layer, NULL, NULL},
    {"LR-063", "Cannot find module '([^']+)'", tell_hidden_layer, NULL, NULL},
    {"LR-024", PYTHON_MODULE, tell_prefix, NULL, NULL},
    {"LR-024", "Cannot find module '([^']+)'", tell_prefix, NULL, NULL},
    {"LR-024", "Cannot find package '([^']+)' imported from", tell_prefix, NULL, NULL},
    {"LR-025", PYTHON_MODULE, tell_abi, NULL, NULL},
    {"LR-026", "cannot import name '?([A-Za-z0-9_]+)'? from '?([A-Za-z0-9_.]+)'? \\((/opt/[^)]+)\\)", tell_shadow, NULL, NULL},
    {"LR-055", HANDLER_MODULE ": No module named", tell_handler_file, NULL, NULL},
    {"LR-055", "^Error: Cannot find module '([^']+)'", tell_handler_file, NULL, NULL},
    {"LR-064", "^Runtime\\.HandlerNotFound$", tell_handler_function, NULL, NULL},
    {"LR-065", "^Runtime\\.MalformedHandlerName$", tell_handler_name, NULL, NULL},
    {"LR-065", "'package' argument is required to perform a relative import for '", tell_handler_relative, NULL, NULL},

    /* A read-only file system, and no home. */
    {"LR-027", "attempt to write a readonly database", tell_database, NULL, NULL},
    {"LR-028", "unable to open database file", tell_wal, NULL, NULL},
    {"LR-061", "unable to open database file", tell_new_database, NULL, NULL},
    {"LR-029", EROFS_WORDS "[^\n]*(/home/[^ '\":,)]+)", NULL, NO_HOME, NULL},
    {"LR-029", "(ENOENT|No such file or directory)[^\n]*(/home/sbx_user1051)", NULL, NO_HOME, NULL},
    {"LR-029", "[Cc]ould not create (directory|[a-z ]*file) '(/home/sbx_user1051[^']*)'", NULL, NO_HOME,
     NULL}, /* OpenSSH's words: the errno comes after */
    {"LR-029", "/home/sbx_user1051[^\n]*(No such file or directory|Read-only file system)", NULL, NO_HOME, NULL},
    {"LR-030",
     "(HOME: parameter not set|HOME: unbound variable|\\$HOME not set|\\$HOME is not defined|nor \\$HOME are defined|Could not determine "
     "home directory|couldn't find login name)",
     NULL, "HOME is not set on Lambda: set it in the function's variables, to a directory in /tmp", NULL},
    {"LR-030", "^'(HOME|USER|LOGNAME|HOSTNAME|SHELL|TERM)'$", tell_unset, NULL, NULL},
    {"LR-030", "must be of type string\\. Received undefined", tell_unset_in_node, NULL, NULL},
    {"LR-031", "cannot cache function [^\n]*: no locator available", NULL,
     "numba found no directory for its cache, since packages are read-only on Lambda and there is no home directory: set NUMBA_CACHE_DIR "
     "to a directory in /tmp",
     NULL},
    {"LR-032", "Read-only file system: '([^']+)'", tell_read_only, NULL, NULL},
    {"LR-032", "EROFS: read-only file system, [a-z]+ '([^']+)'", tell_read_only, NULL, NULL},
    {"LR-032", "([^ :'\"]+): Read-only file system", tell_read_only, NULL, NULL},
    {"LR-032", "'([^'\n]+)': Read-only file system", tell_read_only, NULL, NULL}, /* coreutils' words */

    /* Shared memory. */
    {"LR-033",
     "(SemLock|multiprocessing/synchronize|_posixshmem|shared_memory|/psm_|shm_open|sem_open|SHM2|[Ee]rrno [0-9]+\\][^\n]*semaphore)",
     tell_shm, NULL, NULL},
    {"LR-034", "(SemLock|multiprocessing/synchronize|_posixshmem|shared_memory|/psm_|shm_open|sem_open|SHM2)", tell_shm_denied, NULL, NULL},

    /* Limits, and what is left. */
    {"LR-060", "(mlock|[Ll]ock(ing)? (of )?memory|[Mm]emory lock|locked memory)", tell_mlock,
     "only 64 KB of memory can be locked on Lambda (RLIMIT_MEMLOCK): do not call mlock(), or disable it in the library's settings", NULL},
    {"LR-035", "(No space left on device|ENOSPC|Errno 28\\]|errno=28)", tell_tmp_full, NULL, NULL},
    {"LR-035", NULL, tell_tmp_is_full, NULL, NULL},
    {"LR-036", "(File exists|EEXIST|EADDRINUSE|[Aa]ddress already in use)[^/\n]*(/tmp/[^ '\":,)]+)", tell_left_over, NULL, NULL},
    {"LR-036", "(EADDRINUSE|[Aa]ddress already in use)", tell_old_socket, NULL, NULL},
    {"LR-037", "(/tmp/[^ '\":,)]+)", tell_half_done, NULL, NULL},
    {"LR-038", "(EMFILE|Too many open files|Errno 24\\])", NULL,
     "all 1024 file descriptors of the environment are in use (Lambda's limit), including those that earlier invocations left open: close "
     "files and connections, and create clients once, outside the handler",
     NULL},
    {"LR-039",
     "(can't start new thread|Error creating thread|pthread_create[^\n]*(Resource temporarily|failed)|unable to create (new )?native "
     "thread|fork: retry: Resource temporarily unavailable|fork/exec [^\n]*: resource temporarily unavailable|spawn [^\n]* EAGAIN)",
     NULL, ALL_TASKS, NULL},
    {"LR-039", "Errno 11\\] Resource temporarily unavailable", tell_fork_refused, ALL_TASKS, NULL},
    {"LR-039", NULL, tell_task_limit, NULL, NULL},
    {"LR-040",
     "(RemoteDisconnected|ECONNRESET|Connection reset by peer|socket hang up|ConnectionResetError|BrokenPipeError|EPIPE|Connection "
     "aborted|server closed the connection)",
     tell_frozen, NULL, NULL},

    /* The function's user and its rights. */
    {"LR-041", "(sete?[ug]id|setre[ug]id|setres[ug]id|setgroups|chown)", tell_not_permitted, ONE_USER, NULL},
    {"LR-041", NOT_PERMITTED, NULL, ONE_USER,
     " setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid chown fchown lchown fchownat "},
    {"LR-071", "Permissions 0?[0-7]+ for '((/var/task|/opt)/[^']+)' are too open", NULL,
     "%s is readable by others, as every file that a function can read on Lambda, and a private key must not be: copy it to /tmp and set "
     "its mode to 600 there",
     NULL},
    {"LR-042", "(getpwuid\\(\\): uid not found|uv_os_get_passwd returned ENOENT)", NULL,
     "the function's user has no entry in /etc/passwd, as on some Lambda hosts: do not look up its name, or handle the error", NULL},
    {"LR-043", "(unshare|CLONE_NEW|No usable sandbox)", tell_not_permitted, NO_NAMESPACES, NULL},
    {"LR-043", NOT_PERMITTED, NULL, NO_NAMESPACES, " unshare clone setns "},
    {"LR-044", "(ptrace|PTRACE_[A-Z]+)", tell_not_permitted, NO_PTRACE, NULL},
    {"LR-044", NOT_PERMITTED, NULL, NO_PTRACE, " ptrace process_vm_readv process_vm_writev "},
    {"LR-056", NOT_PERMITTED, NULL,
     "Lambda refuses %s (EPERM), so a program that calls it before exec starts nothing: remove the call (Go: no Pdeathsig in SysProcAttr)",
     " prctl "},
    {"LR-057", NOT_PERMITTED, NULL, "the system call %s needs a privilege that no function has, and is refused (EPERM): avoid it",
     " mount umount2 pivot_root chroot socket bpf perf_event_open keyctl add_key request_key settimeofday clock_settime sethostname "
     "setdomainname reboot swapon init_module finit_module ioperm iopl syslog open_by_handle_at fanotify_init "},
    {"LR-072", NOT_PERMITTED, NULL,
     "older sandboxes of Lambda refuse %s (EPERM), and --seccomp lambda-legacy does: write the bytes instead of reserving them",
     " fallocate "},

    /* Variables. */
    {"LR-045", "(Invalid time zone specified: :[A-Za-z/]+|has no data for :[A-Za-z/]+|keys may not be absolute paths)", NULL,
     "TZ begins with a colon on Lambda (:UTC, or :/etc/localtime), which the C library accepts and some libraries do not: strip the colon, "
     "or name the time zone UTC in the code",
     NULL},
    {"LR-046", "unsupported locale setting", NULL,
     "LANG is en_US.UTF-8 on Lambda, but that locale is not installed: use C.UTF-8, or do not call setlocale", NULL},

    /* What is not there. */
    {"LR-047", NOT_FOUND "[^\n]*(/sys/[^ '\":,)]*)", NULL, NO_SYS, NULL},
    {"LR-047", "([Ff]ail|[Cc]annot|[Cc]ould not|[Uu]nable|[Ee]rror)[^\n]*(/sys/(devices|fs|class|kernel|module|block|bus)|cgroup root)",
     tell_last_words, NO_SYS, NULL},
    {"LR-047", "(/sys/(devices|fs|class|kernel|module|block|bus)[^ '\":,)]*)[^\n]*" NOT_FOUND, tell_last_words, NO_SYS, NULL},
    {"LR-048", "(ENOENT|ENXIO|No such device or address|No such file or directory)[^\n]*/dev/tty", NULL,
     "there is no terminal on Lambda: do not open /dev/tty", NULL},
    {"LR-048", "out of pty devices", NULL, "there are no pseudo-terminals on Lambda (/dev/ptmx, /dev/pts): run programs over pipes", NULL},
    {"LR-048", "getlogin\\(\\)", tell_no_login, "there is no terminal on Lambda, and getlogin() asks for the user of one: use os.getuid()",
     NULL},
    {"LR-059", NOT_FOUND "[^\n]*/dev/fd", NULL, NO_DEV_FD, NULL},
    {"LR-059", "/dev/fd[^\n]*" NOT_FOUND, NULL, NO_DEV_FD, NULL},
    {"LR-059", "Command '[^\n]*bash[^\n]* [<>]\\([^\n]* returned non-zero exit status", NULL, NO_DEV_FD,
     NULL}, /* bash's own words are in the log */
    {"LR-066", "No such file or directory: '([^'/]+)'", tell_program_of_python, NULL, NULL},
    {"LR-066", "No such file or directory: '(/usr/[^']*/java)'", tell_hidden_java, NULL, NULL},
    {"LR-066", "(/usr/[^ :'\n]*/java)(: | )(" NOT_FOUND "|cannot execute)", tell_hidden_java, NULL, NULL},
    {"LR-066", "spawn[A-Za-z]* (/usr/[^ ]*/java) ENOENT", tell_hidden_java, NULL, NULL},
    {"LR-066", "spawn ([^ /]+) ENOENT", tell_program_of_node, NULL, NULL},
    {"LR-066", "spawnSync ([^ /]+) ENOENT", tell_program_of_node, NULL, NULL},
    {"LR-066", "^[^ ]*: (line )?[0-9]+: (exec: )?([^ :/]+): (command )?not found", tell_program_of_shell, NULL, NULL},
    {"LR-066", "^[^ ]*sh: ()(exec: )?([^ :/]+): (command )?not found", tell_program_of_shell, NULL, NULL},
    {"LR-066", "exit status 127", tell_program_of_status, NULL, NULL},
    {"LR-066", "exec: \"([^\"/]+)\": executable file not found in \\$PATH", tell_program, NULL, NULL},
    {"LR-066", "env: [^A-Za-z0-9]*([A-Za-z0-9._+-]+)[^:]*: No such file or directory", tell_program, NULL, NULL},
    {"LR-049", "(EADDRINUSE|[Aa]ddress already in use)[^\n]*9001", NULL,
     "port 9001 is used by the Runtime API: listen on another port, or only on 127.0.0.1", NULL},

    {"LR-058", "(EAFNOSUPPORT|[Aa]ddress family not supported)", tell_ipv6,
     "Lambda has no IPv6 but in dual-stack functions of a VPC: listen on 0.0.0.0 or 127.0.0.1 instead of :: or ::1, and connect over IPv4",
     NULL},

    /* lrun's own defaults, that are not Lambda's. */
    {"LR-062", "(ECONNREFUSED|[Cc]onnection refused|Couldn't connect to server|fetch failed|Could not connect to the endpoint URL)",
     tell_localhost, NULL, NULL},
    {"LR-050",
     "(Network is unreachable|ENETUNREACH|EAI_AGAIN|Temporary failure in name resolution|Could not resolve host|Name or service not "
     "known|ENOTFOUND|Could not connect to the endpoint URL)",
     tell_no_network, NULL, NULL},
    {"LR-050", "fetch failed", tell_fetch_outside, NULL, NULL},
    {"LR-051", "(UnrecognizedClientException|InvalidClientTokenId|[Ss]ecurity token included in the request is invalid)", tell_no_account,
     NULL, NULL},
};
const size_t RULE_COUNT = COUNT(RULES);
