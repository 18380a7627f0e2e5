/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/record/words.h"

struct pair {
    const char *en, *vi;
};

static const char *pick(const struct pair *pair, bool vi)
{
    return vi ? pair->vi : pair->en;
}

const char *words_severity(enum severity severity, bool vi)
{
    static const struct pair words[] = {{"Informational", "Thông tin"},
                                        {"Low", "Thấp"},
                                        {"Medium", "Trung bình"},
                                        {"High", "Cao"},
                                        {"Critical", "Nghiêm trọng"}};
    return pick(&words[severity], vi);
}

const char *words_state(enum incident_state state, bool vi)
{
    static const struct pair words[INCIDENT_STATES] = {{"New", "Mới"},
                                                       {"Assigned", "Đã giao"},
                                                       {"In progress", "Đang xử lý"},
                                                       {"Pending", "Tạm chờ"},
                                                       {"Closed", "Đã đóng"},
                                                       {"Merged", "Đã gộp"},
                                                       {"Escalated", "Đã chuyển IOC"}};
    return pick(&words[state], vi);
}

const char *words_disposition(enum disposition disposition, bool vi)
{
    static const struct pair words[DISPOSITIONS] = {
        {"", ""},
        {"False positive", "Báo động nhầm"},
        {"True positive, with impact", "Có thật, gây ảnh hưởng"},
        {"True positive, without impact", "Có thật, không gây ảnh hưởng"},
        {"Not applicable", "Không áp dụng"},
        {"Legitimate", "Hoạt động hợp lệ"},
        {"Unknown", "Chưa xác định"}};
    return pick(&words[disposition], vi);
}
