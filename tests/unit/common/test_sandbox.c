/* SPDX-License-Identifier: Apache-2.0 */
/* Each test enters in a child, because there is no way back out. */
#include "common/privs.h"
#include "common/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SKIPPED = 77 };

static int in_child(int (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(body());
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect(int got, int wanted)
{
    if (got == SKIPPED)
        skip();
    assert_int_equal(got, wanted);
}

static bool enter(const struct sandbox *s)
{
    struct strbuf said;
    strbuf_init(&said, 0);
    return sandbox_enter(s, &said) == ERR_OK;
}

static void *in_thread(void *arg)
{
    return arg;
}

static int ordinary_work(void)
{
    pthread_t thread;
    if (!enter(&(struct sandbox){0}))
        return SKIPPED;
    void *p = malloc(1 << 20);
    int fd = open("/dev/null", O_WRONLY);
    if (!p || fd < 0 || write(fd, "x", 1) != 1)
        return 1;
    return pthread_create(&thread, NULL, in_thread, NULL) || pthread_join(thread, NULL);
}

static void ordinary_work_goes_on_inside(void **state)
{
    (void)state;
    expect(in_child(ordinary_work), 0);
}

static int running_a_program(void)
{
    if (!enter(&(struct sandbox){0}))
        return SKIPPED;
    execl("/bin/true", "true", NULL);
    return 1;
}

static void running_a_program_kills(void **state)
{
    (void)state;
    expect(in_child(running_a_program), -SIGSYS);
}

static int tracing(void)
{
    if (!enter(&(struct sandbox){.exec = true}))
        return SKIPPED;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    return 1;
}

static void tracing_kills(void **state)
{
    (void)state;
#ifdef TRAMGAC_SANITIZED
    skip(); /* their own tools trace */
#endif
    expect(in_child(tracing), -SIGSYS);
}

static int other_files(void)
{
    static const char *const reads[] = {"/usr", "/nonexistent", NULL};
    static const char *const writes[] = {"/dev/null", NULL};
    struct strbuf said;
    strbuf_init(&said, 0);
    if (sandbox_enter(&(struct sandbox){.read_paths = reads, .write_paths = writes}, &said) ||
        (said.len && strstr(said.at, "landlock")) || (said.len && strstr(said.at, "Landlock")))
        return SKIPPED;
    if (open("/usr", O_RDONLY) < 0 || open("/dev/null", O_RDWR) < 0)
        return 1;
    return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 2;
}

static void files_outside_the_list_are_refused(void **state)
{
    (void)state;
    expect(in_child(other_files), 0);
}

static int without_rights(void)
{
    struct strbuf said;
    strbuf_init(&said, 0);
    if (geteuid() != 0)
        return SKIPPED;
    if (privs_drop("no-such-user", false, &said) != ERR_NOTFOUND)
        return 1;
    if (privs_drop("nobody", false, &said) != ERR_OK)
        return 2;
    return geteuid() != 0 && setuid(0) != 0 ? 0 : 3;
}

static void root_becomes_another_user_for_good(void **state)
{
    (void)state;
    expect(in_child(without_rights), 0);
}

static int without_powers(void)
{
    struct strbuf said;
    strbuf_init(&said, 0);
    if (geteuid() != 0)
        return SKIPPED;
    if (privs_drop("", false, &said) != ERR_OK)
        return 1;
    return chown("/dev/null", 1, 1) != 0 && errno == EPERM ? 0 : 2;
}

static void root_can_stay_root_without_its_powers(void **state)
{
    (void)state;
    expect(in_child(without_powers), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_work_goes_on_inside),
        cmocka_unit_test(running_a_program_kills),
        cmocka_unit_test(tracing_kills),
        cmocka_unit_test(files_outside_the_list_are_refused),
        cmocka_unit_test(root_becomes_another_user_for_good),
        cmocka_unit_test(root_can_stay_root_without_its_powers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
