/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sdnotify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static void messages_reach_the_socket_of_systemd(void **state)
{
    (void)state;
    char dir[] = "/tmp/tramgac-notify-XXXXXX";
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char text[64] = "";
    assert_non_null(mkdtemp(dir));
    snprintf(name.sun_path, sizeof(name.sun_path), "%s/socket", dir);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    setenv("NOTIFY_SOCKET", name.sun_path, 1);
    sdnotify_ready();
    assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
    assert_string_equal(text, "READY=1");
    sdnotify_status("3 of 4");
    assert_int_equal(recv(fd, text, sizeof(text) - 1, 0), 13);
    close(fd);
    unlink(name.sun_path);
    rmdir(dir);
}

static void without_systemd_nothing_happens(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    sdnotify_ready();
    sdnotify_reloading(5);
    sdnotify_stopping();
    sdnotify_alive();
    assert_int_equal(sdnotify_watchdog_ns(), 0);
}

static void the_watchdog_interval_is_read(void **state)
{
    (void)state;
    setenv("WATCHDOG_USEC", "2000000", 1);
    assert_int_equal(sdnotify_watchdog_ns(), 2000000000);
    unsetenv("WATCHDOG_USEC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_reach_the_socket_of_systemd),
        cmocka_unit_test(without_systemd_nothing_happens),
        cmocka_unit_test(the_watchdog_interval_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
