/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock has no C library: three system calls, linux/landlock.h. Rights unknown to the running
 * kernel are left out (Documentation/userspace-api/landlock.rst, "Compatibility").
 */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct option sandbox_options[] = {
    {"sandbox.enabled", CONF_BOOL, "yes",
     "Give up rights, files and system calls that the program does not need after its start."},
    {"sandbox.user", CONF_TEXT, "",
     "User to become when started as root; empty: stay, without root's capabilities."},
    {"sandbox.files", CONF_BOOL, "yes", "Limit files to those of the configuration (landlock)."},
    OPTION_END,
};

/* ---- files ---- */

#define ACCESS_READ                                                                                \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_FILE_ONLY                                                                           \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define ACCESS_ALL_V1 ((UINT64_C(1) << 13) - 1)

static long landlock_abi(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static void allow_path(int ruleset, const char *path, uint64_t access, struct strbuf *said)
{
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) {
        if (fd >= 0)
            close(fd);
        return; /* what does not exist need not be allowed */
    }
    if (!S_ISDIR(st.st_mode))
        access &= ACCESS_FILE_ONLY;
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
        strbuf_fmt(said, "Landlock did not take %s: %s.\n", path, strerror(errno));
    close(fd);
}

static enum err limit_files(const struct sandbox *s, struct strbuf *said)
{
    long abi = landlock_abi();
    if (abi < 1) {
        strbuf_str(said, "The kernel has no landlock: files are not limited.\n");
        return ERR_UNSUPPORTED;
    }
    uint64_t all = ACCESS_ALL_V1 | (abi >= 2 ? UINT64_C(1) << 13 : 0); /* 2: REFER */
    struct landlock_ruleset_attr attr = {.handled_access_fs = all};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0) {
        strbuf_fmt(said, "Landlock cannot be used: %s.\n", strerror(errno));
        return ERR_UNSUPPORTED;
    }
    for (uint32_t i = 0; s->read_paths[i]; i++)
        allow_path(ruleset, s->read_paths[i], ACCESS_READ, said);
    for (uint32_t i = 0; s->write_paths && s->write_paths[i]; i++)
        allow_path(ruleset, s->write_paths[i], all & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE, said);
    int code = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    close(ruleset);
    if (code) {
        strbuf_fmt(said, "Landlock cannot be used: %s.\n", strerror(errno));
        return ERR_UNSUPPORTED;
    }
    return ERR_OK;
}

/* ---- system calls ---- */

static const int calls_always[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(preadv),
    SCMP_SYS(pwritev),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(stat),
    SCMP_SYS(fstat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(lseek),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    SCMP_SYS(msync),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(brk),
    SCMP_SYS(membarrier),
    SCMP_SYS(mbind),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(rt_sigsuspend),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(tgkill),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getgroups),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(times),
    SCMP_SYS(getcpu),
    SCMP_SYS(getrandom),
    SCMP_SYS(prctl),
    SCMP_SYS(arch_prctl),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(wait4),
    SCMP_SYS(waitid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(futex),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_get_priority_max),
    SCMP_SYS(sched_get_priority_min),
    SCMP_SYS(setpriority),
    SCMP_SYS(getpriority),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(timer_create),
    SCMP_SYS(timer_settime),
    SCMP_SYS(timer_delete),
    SCMP_SYS(setitimer),
    SCMP_SYS(alarm),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(timerfd_gettime),
    SCMP_SYS(eventfd2),
    SCMP_SYS(signalfd4),
    SCMP_SYS(pipe),
    SCMP_SYS(pipe2),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(flock),
    SCMP_SYS(ioctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(getcwd),
    SCMP_SYS(chdir),
    SCMP_SYS(getdents64),
    SCMP_SYS(getdents),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(fchown),
    SCMP_SYS(umask),
    SCMP_SYS(utimensat),
    SCMP_SYS(truncate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(sync_file_range),
    SCMP_SYS(fadvise64),
    SCMP_SYS(copy_file_range),
    SCMP_SYS(sendfile),
    SCMP_SYS(splice),
    SCMP_SYS(memfd_create),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(sendto),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockopt),
    SCMP_SYS(bind),
};

static const int calls_server[] = {SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4)};

static const int calls_exec[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(vfork),
                                 SCMP_SYS(fork),   SCMP_SYS(setsid),   SCMP_SYS(setpgid)};

static const int calls_tracing[] = {SCMP_SYS(ptrace)};

#ifdef TRAMGAC_SANITIZED /* the leak sanitizer traces its own threads at the end */
#define TRACING SCMP_ACT_ALLOW
#else
#define TRACING SCMP_ACT_KILL_PROCESS
#endif

static const int calls_deadly[] = {
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(bpf),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(add_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(request_key),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(personality),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
};

/* Calls that this machine's architecture does not have are skipped by the library. */
static bool add_rules(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int code = seccomp_rule_add(filter, action, calls[i], 0);
        if (code && code != -EDOM && code != -EACCES)
            return false;
    }
    return true;
}

#define RULES(filter, action, calls)                                                               \
    add_rules((filter), (action), (calls), sizeof(calls) / sizeof((calls)[0]))

static enum err limit_calls(const struct sandbox *s, struct strbuf *said)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    uint32_t exec = s->exec ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS;
    uint32_t serve = s->serves ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EACCES);

    if (!filter)
        return ERR_NOMEM;
    bool built = RULES(filter, SCMP_ACT_ALLOW, calls_always) && RULES(filter, exec, calls_exec) &&
                 RULES(filter, serve, calls_server) && RULES(filter, TRACING, calls_tracing) &&
                 RULES(filter, SCMP_ACT_KILL_PROCESS, calls_deadly);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); /* threads that run already, too */
    int code = built ? seccomp_load(filter) : -EINVAL;
    seccomp_release(filter);
    if (code == 0)
        return ERR_OK;
    strbuf_fmt(said, "System calls are not limited (seccomp): %s.\n", strerror(-code));
    return built ? ERR_UNSUPPORTED : ERR_IO;
}

enum err sandbox_enter(const struct sandbox *sandbox, struct strbuf *said)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        strbuf_fmt(said, "The sandbox cannot be entered: %s.\n", strerror(errno));
        return ERR_UNSUPPORTED;
    }
    enum err files = sandbox->read_paths ? limit_files(sandbox, said) : ERR_UNSUPPORTED;
    enum err calls = limit_calls(sandbox, said);
    if (calls == ERR_UNSUPPORTED && files == ERR_OK)
        return ERR_OK;
    return calls;
}
