/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json_edit.h"
#include "common/check.h"
#include "common/json_tree.h"

#include <ctype.h>

enum { NAME_MAX_BYTES = 256 };

/* Where the child of that name hangs, or would hang: the link behind the last. */
static struct json **link_of(struct json *parent, const char *name)
{
    bool list = json_kind(parent) == JSON_ARR;
    struct json **at = &parent->child;
    uint64_t index = 0;

    if (list && !slice_to_u64(slice_of_str(name), &index))
        index = UINT64_MAX;
    for (; *at; at = &(*at)->next, index--) {
        if (list ? index == 0 : strcmp((*at)->key, name) == 0)
            break;
    }
    return at;
}

bool json_edit_put_take(struct json *parent, const char *name, struct json *child)
{
    struct json **at = link_of(parent, name);
    struct json *old = *at;

    if (!old || !child)
        return json_build_add_take(parent, json_kind(parent) == JSON_ARR ? NULL : name, child);
    CHECK(child->memory == JSON_OWN && !child->key && !child->next);
    child->key = old->key;
    child->key_len = old->key_len;
    child->next = old->next;
    if (parent->last == old)
        parent->last = child;
    *at = child;
    old->key = NULL;
    old->next = NULL;
    json_free(&old);
    return true;
}

/* The collection of that name; what is none gives way to one. NULL without memory. */
static struct json *step_into(struct json *parent, const char *name, bool list)
{
    struct json *old = *link_of(parent, name);

    if (json_kind(old) == JSON_ARR || json_kind(old) == JSON_OBJ)
        return old;
    struct json *made = list ? json_build_arr(0) : json_build_obj(0);
    return json_edit_put_take(parent, name, made) ? made : NULL;
}

bool json_edit_set(struct json **tree, const char *path, struct slice text)
{
    char name[NAME_MAX_BYTES];
    const char *dot;

    if (!*tree || (*tree)->memory != JSON_OWN) {
        struct json *own = *tree ? json_build_copy(*tree) : json_build_obj(0);
        json_free(tree);
        *tree = own;
    }
    struct json *at = *tree;
    if (json_kind(at) != JSON_OBJ)
        return false;
    for (; at && (dot = strchr(path, '.')); path = dot + 1) {
        if ((size_t)(dot - path) >= sizeof(name))
            return false;
        memcpy(name, path, (size_t)(dot - path));
        name[dot - path] = '\0';
        at = step_into(at, name, isdigit((unsigned char)dot[1]));
    }
    return at && json_edit_put_take(at, path, yaml_plain(text, 0));
}
