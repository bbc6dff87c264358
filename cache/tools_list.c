/* SPDX-License-Identifier: Apache-2.0 */
/* tools_list.c: THE TABLES of what is seen of the host's /usr, by level of --tools; the tree that is made of them is tools.c's.
 * Sources: design (lambda-environment, sections 3 and 12; AL: the packages of Amazon Linux's minimal image); "choice": AWS's answer is
 * not known, and why this one. What no row names is hidden. A change here needs a higher TABLE_VERSION in tools.c, or trees that are
 * kept stay as they were. */
#include "cache/tools.h"

#include "base/own.h"
#include "base/str.h"

#include <fnmatch.h>
#include <string.h>

enum { AL2 = 1, AL2023 = 2, BOTH = AL2 | AL2023 };

/* Programs: the words are patterns as the shell's. */
static const struct programs {
    const char *package, *names;
    unsigned on;
    const char *source;
} PROGRAMS[] = {
    {"bash", "bash sh bashbug alias bg cd command fc fg getopts hash jobs read type ulimit umask unalias wait", BOTH, "AL; sh is bash"},
    {"coreutils",
     "[ arch b2sum base32 base64 basename basenc cat chcon chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors dirname "
     "du echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp "
     "mv "
     "nice nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon seq sha1sum sha224sum "
     "sha256sum sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate "
     "tsort tty uname unexpand uniq unlink users vdir wc who whoami yes chroot",
     BOTH, "AL"},
    {"curl-minimal", "curl", BOTH, "AL; in the image of provided.al2023"},
    {"gawk", "awk gawk gawk-*", BOTH, "AL; awk is gawk"},
    {"grep", "grep egrep fgrep", BOTH, "AL"},
    {"sed", "sed", BOTH, "AL"},
    {"glibc-common", "gencat getconf getent iconv ldd locale localedef pldd sprof zdump catchsegv ldconfig zic iconvconfig", BOTH, "AL"},
    {"openssl", "openssl", BOTH, "aws-lambda-base-images#137: the program is there, on nodejs22.x"},
    {"ca-certificates, p11-kit", "update-ca-trust ca-legacy trust p11-kit", BOTH, "AL"},
    {"rpm", "rpm rpm2archive rpm2cpio rpmdb rpmkeys rpmquery rpmverify", BOTH, "AL"},
    {"gnupg2-minimal", "gpg2 gpgv2", AL2023, "AL; gpg and gpg-agent are missed there (python-gnupg#235)"},
    {"microdnf", "microdnf dnf", AL2023, "DOC: provided.al2023 is minimal and has microdnf"},
    {"yum", "yum", AL2, "AL"},
    {"findutils", "find xargs", AL2, "AL; the minimal image of 2023 is without"},
    {"diffutils", "cmp diff diff3 sdiff", AL2, "AL: choice, in the base image"},
    {"gzip", "gzip gunzip zcat", AL2, "AL: choice, in the base image"},
};

/* Interpreters of managed runtimes, which are in /usr here and in /var/lang on Lambda. */
static const struct interpreters {
    const char *names;
    size_t kept; /* offset of the flag */
    const char *source;
} INTERPRETERS[] = {
    {"python3 python3.[0-9] python3.[0-9][0-9]", offsetof(struct tools_input, python),
     "choice: as /var/lang's; and of provided.*, whose packages name it in their first line"},
    {"node nodejs", offsetof(struct tools_input, node), "choice: as above"},
};

/* Directories in which only these names are visible. */
static const struct listed {
    const char *dir;
    unsigned levels;
    const char *names, *source;
} LISTED[] = {
#define AT(level) (1u << TOOLS_##level)
#define ALL_LEVELS (AT(LAMBDA) | AT(HOST) | AT(DEV))
    {"usr", ALL_LEVELS, "bin sbin lib lib32 lib64 libexec share local", "the allow list of plan.c"},
    {"usr", AT(DEV), "include src", "what a build needs"},
    {"usr/lib/python3/dist-packages", AT(DEV),
     "pytest _pytest pytest-[0-9]* pluggy pluggy-[0-9]* iniconfig iniconfig-[0-9]* packaging packaging-[0-9]*",
     "pytest and what every version of it imports, with their metadata: no plugin, and no .pth file, which would run at every start"},
    {"usr/local", ALL_LEVELS, "bin", "in PATH; the host's own additions are not Lambda's"},
    {"usr/share/nodejs", ALL_LEVELS, "acorn acorn-walk cjs-module-lexer undici",
     "parts of Debian's node itself, which does not start without them"},
    {"usr/bin", AT(HOST) | AT(DEV), "*", "all programs"},
    {"usr/sbin", AT(HOST) | AT(DEV), "*", "all programs"},
    {"usr/lib", AT(HOST) | AT(DEV), "*", "what programs keep there"},
    {"usr/libexec", AT(HOST) | AT(DEV), "*", "what programs keep there"},
    {"usr/share", AT(HOST) | AT(DEV), "*", "what programs keep there"},
    {"usr/lib", AT(LAMBDA),
     "*-linux-gnu lib* ld-* *.so* locale gconv terminfo ssl python3* engines* ossl-modules sasl2 pkcs11 krb5 nss mime file os-release",
     "libraries and what they load; not git-core, gcc, jvm and others' programs"},
    {"usr/libexec", AT(LAMBDA), "getconf awk coreutils p11-kit", "AL"},
    {"usr/share", AT(LAMBDA),
     "zoneinfo zoneinfo-icu terminfo tabset locale i18n misc file mime awk icu nodejs ca-certificates pki p11-kit crypto-policies "
     "publicsuffix",
     "data of the C library and of the programs above: no fonts, no manuals, no other packages' files"},
};

/* Of an allow list of directories only what somebody makes in them counts; names of these are never seen, wherever they come from. */
// clang-format off
const struct tools_hidden TOOLS_HIDDEN[] = {
    {"usr/lib/python3", {"dist-packages"}},
    {"usr/lib/python3.*", {"site-packages", "dist-packages", "sitecustomize.py"}},
    {"usr/lib64/python3.*", {"site-packages"}},
    {"usr/local/lib/python3.*", {"site-packages", "dist-packages", "sitecustomize.py"}},
    {"usr/lib", {"node_modules"}}, {"usr/local/lib", {"node_modules"}},
    /* Files that identify the system, beside os-release, on known distributions. */
    {"usr/lib", {"os.release.d", "fedora-release", "redhat-release", "system-release", "system-release-cpe", "issue", "issue.net"}},
    {"usr/lib", {"centos-release", "rocky-release", "almalinux-release", "lsb", "swidtag", "motd"}},
    {"usr/share", {"base-files", "distro-info", "lsb"}},
};
// clang-format on
const size_t TOOLS_HIDDEN_COUNT = COUNT(TOOLS_HIDDEN);

/* If everything is visible, no directory needs to be read, but usr/lib for the versions of Python in it. */
const struct tools_read TOOLS_READ[] = {
    {"usr", ALL_LEVELS},
    {"usr/bin", AT(LAMBDA)},
    {"usr/sbin", AT(LAMBDA)},
    {"usr/lib", ALL_LEVELS},
    {"usr/lib/python3/dist-packages", AT(DEV)},
    {"usr/libexec", AT(LAMBDA)},
    {"usr/share", AT(LAMBDA)},
    {"usr/share/nodejs", ALL_LEVELS},
    {"usr/local", ALL_LEVELS},
    {"usr/local/bin", ALL_LEVELS},
    {"usr/local/lib", ALL_LEVELS},
    {NULL, 0},
};

/* What one version of pytest imports besides. A function that forgot one of these modules is not found out by tests under pytest. */
static const struct {
    const char *metadata, *names, *source;
} PYTEST_NEEDS[] = {
    {"pytest-6.*", "attr attrs attrs-[0-9]* py py-[0-9]* toml toml-[0-9]* pyparsing pyparsing.py pyparsing-[0-9]*", "Ubuntu 22.04"},
    {"pytest-7.[0-2].*", "attr attrs attrs-[0-9]* py.py", "Debian 12"},
    {"pytest-[78].[0-9]*", "py.py", "Ubuntu 24.04, Debian 13"},
};

const char *tools_test_modules(const char *dir, const char *metadata)
{
    for (size_t i = 0; strcmp(dir, "usr/lib/python3/dist-packages") == 0 && i < COUNT(PYTEST_NEEDS); i++)
        if (fnmatch(PYTEST_NEEDS[i].metadata, metadata, 0) == 0)
            return PYTEST_NEEDS[i].names;
    return NULL;
}

bool tools_match(const char *names, const char *name)
{
    char word[64];
    for (const char *c = names; *c;) {
        size_t n = strcspn(c, " ");
        if (n < sizeof word) {
            memcpy(word, c, n);
            word[n] = 0;
            if (word[0] == '[' && !word[1] ? strcmp(name, word) == 0 : fnmatch(word, name, 0) == 0)
                return true;
        }
        c += n + strspn(c + n, " ");
    }
    return false;
}

static bool shows_program(const struct tools_input *in, const char *name)
{
    for (size_t i = 0; i < COUNT(PROGRAMS); i++)
        if (PROGRAMS[i].on & (in->al2023 ? AL2023 : AL2) && tools_match(PROGRAMS[i].names, name))
            return true;
    for (size_t i = 0; i < COUNT(INTERPRETERS); i++)
        if (*(const bool *)((const char *)in + INTERPRETERS[i].kept) && tools_match(INTERPRETERS[i].names, name))
            return true;
    return false;
}

/* An interpreter of /usr/local, as in many images, is kept with its libraries. */
static bool shows_local(const struct tools_input *in, const char *dir, const char *name)
{
    return in->local && (strcmp(dir, "usr/local/lib") == 0 || (strcmp(dir, "usr/local") == 0 && strcmp(name, "lib") == 0));
}

bool tools_shows(const struct tools_input *in, const char *dir, const char *name)
{
    if (shows_local(in, dir, name))
        return true;
    if (in->tools == TOOLS_LAMBDA && (strcmp(dir, "usr/bin") == 0 || strcmp(dir, "usr/sbin") == 0))
        return shows_program(in, name);
    for (size_t i = 0; i < COUNT(LISTED); i++)
        if (LISTED[i].levels & 1u << in->tools && strcmp(LISTED[i].dir, dir) == 0 && tools_match(LISTED[i].names, name))
            return true;
    return false;
}

/* Our choice of a release of 2023: AWS's changes every few weeks. */
#define RELEASE_2023 "2023.9.20251110"
static const struct tools_release RELEASES[] = {
    {"NAME=\"Amazon Linux\"\nVERSION=\"2\"\nID=\"amzn\"\nID_LIKE=\"centos rhel fedora\"\nVERSION_ID=\"2\"\nPRETTY_NAME=\"Amazon Linux 2\"\n"
     "ANSI_COLOR=\"0;33\"\nCPE_NAME=\"cpe:2.3:o:amazon:amazon_linux:2\"\nHOME_URL=\"https://amazonlinux.com/"
     "\"\nSUPPORT_END=\"2026-06-30\"\n",
     "Amazon Linux release 2 (Karoo)\n", "cpe:2.3:o:amazon:amazon_linux:2\n"},
    {"NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\nPLATFORM_ID=\"platform:al2023\"\n"
     "PRETTY_NAME=\"Amazon Linux " RELEASE_2023 "\"\nANSI_COLOR=\"0;33\"\nCPE_NAME=\"cpe:2.3:o:amazon:amazon_linux:2023\"\n"
     "HOME_URL=\"https://aws.amazon.com/linux/amazon-linux-2023/\"\nDOCUMENTATION_URL=\"https://docs.aws.amazon.com/linux/\"\n"
     "SUPPORT_URL=\"https://aws.amazon.com/premiumsupport/\"\nBUG_REPORT_URL=\"https://github.com/amazonlinux/amazon-linux-2023\"\n"
     "VENDOR_NAME=\"AWS\"\nVENDOR_URL=\"https://aws.amazon.com/\"\nSUPPORT_END=\"2029-06-30\"\n",
     "Amazon Linux release " RELEASE_2023 " (Amazon Linux)\n", "cpe:2.3:o:amazon:amazon_linux:2023\n"},
};

const struct tools_release *tools_release(bool al2023)
{
    return &RELEASES[al2023];
}
