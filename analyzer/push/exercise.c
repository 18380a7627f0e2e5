/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/push/exercise.h"
#include "common/clock.h"

#include <stdio.h>

#define WORDS_VI "[DIỄN TẬP] Thử kết nối: không có sự cố, không cần xử lý"
#define WORDS_EN "[EXERCISE] A test of the connection: no incident, nothing to be done"

void exercise_name(uint64_t now_ns, char out[EXERCISE_NAME_MAX])
{
    char when[CLOCK_TEXT_MAX];

    clock_text_rfc3339(now_ns, when);
    snprintf(out, EXERCISE_NAME_MAX, "TEST-%.4s%.2s%.2sT%.2s%.2s%.2sZ", when, when + 5, when + 8,
             when + 11, when + 14, when + 17);
}

void exercise_render(const struct connector *c, uint64_t now_ns, struct strbuf *out)
{
    const struct incident incident = {
        .revision = 1,
        .key = "",
        .site = c->n_sites ? c->sites[0] : "",
        .rule = "",
        .entity = "",
        .entity_ip = "",
        .title_en = WORDS_EN,
        .title_vi = WORDS_VI,
        .severity = SEVERITY_INFO,
        .assignee = "",
        .tlp = "clear",
        .serious_reason = "",
        .personal_reason = "",
        .first_ns = now_ns,
        .last_ns = now_ns,
        .opened_ns = now_ns,
        .updated_ns = now_ns,
        .closed_ns = now_ns,
        .techniques = "",
        .tactics = "",
        .sensors = "",
        .why_json = "{}",
    };
    const struct telling telling = {c, &incident, "exercise", ""};

    c->def->render(&telling, out);
}
