/* SPDX-License-Identifier: Apache-2.0 */
#include "analyzer/api/openapi.h"

#include "analyzer/api/api.h"

#include <stdio.h>

/* ---- "state (open, closed), before": names with notes --------------------------------------- */

/* Next name of a route's `takes` and what stands in brackets behind it; false at the end. */
static bool next_name(struct slice *rest, struct slice *name, struct slice *note)
{
    uint32_t n = 0, depth = 0, end = 0;

    while (rest->len && (rest->at[0] == ' ' || rest->at[0] == ','))
        *rest = slice_from(*rest, 1);
    while (n < rest->len && rest->at[n] != ',' && rest->at[n] != ' ')
        n++;
    *name = slice_head(*rest, n);
    *note = SLICE_NONE;
    for (end = n; end < rest->len && (depth || rest->at[end] != ','); end++) {
        depth += rest->at[end] == '(';
        depth -= rest->at[end] == ')' && depth;
    }
    if (end > n)
        *note = slice_trim(slice_head(slice_from(*rest, n), end - n));
    if (note->len > 2 && note->at[0] == '(' && note->at[note->len - 1] == ')')
        *note = slice_head(slice_from(*note, 1), note->len - 2);
    *rest = slice_from(*rest, end);
    return name->len > 0;
}

static void write_note(struct jsonw *w, struct slice note)
{
    if (note.len)
        jsonw_text(w, "description", note);
}

static void write_query(struct jsonw *w, const struct api_route *r)
{
    struct slice rest = slice_of_str(r->takes), name, note;

    while (next_name(&rest, &name, &note)) {
        jsonw_obj_open(w, NULL);
        jsonw_text(w, "name", name);
        jsonw_str(w, "in", "query");
        write_note(w, note);
        jsonw_obj_open(w, "schema");
        jsonw_str(w, "type", "string");
        jsonw_obj_close(w);
        jsonw_obj_close(w);
    }
}

/* Members of a body are of any type: the reference says which. */
static void write_body(struct jsonw *w, const struct api_route *r)
{
    struct slice rest = slice_of_str(r->takes), name, note;
    char key[64];

    jsonw_obj_open(w, "requestBody");
    jsonw_obj_open(w, "content");
    jsonw_obj_open(w, "application/json");
    jsonw_obj_open(w, "schema");
    jsonw_str(w, "type", "object");
    jsonw_obj_open(w, "properties");
    while (next_name(&rest, &name, &note)) {
        snprintf(key, sizeof(key), "%.*s", (int)(name.len < 60 ? name.len : 60),
                 (const char *)name.at);
        jsonw_obj_open(w, key);
        write_note(w, note);
        jsonw_obj_close(w);
    }
    for (int i = 0; i < 5; i++)
        jsonw_obj_close(w);
}

/* ---- operations ----------------------------------------------------------------------------- */

static void write_path_args(struct jsonw *w, const struct api_route *r)
{
    const char *at = r->path;

    while ((at = strchr(at, '{'))) {
        const char *end = strchr(at, '}');
        jsonw_obj_open(w, NULL);
        jsonw_text(w, "name", (struct slice){(const uint8_t *)at + 1, (uint32_t)(end - at - 1)});
        jsonw_str(w, "in", "path");
        jsonw_bool(w, "required", true);
        jsonw_obj_open(w, "schema");
        jsonw_str(w, "type", "string");
        jsonw_obj_close(w);
        jsonw_obj_close(w);
        at = end;
    }
}

static void write_responses(struct jsonw *w, const struct api_route *r)
{
    static const struct {
        const char *status, *text;
    } faults[] = {{"400", "A value is not allowed."},
                  {"401", "Not signed in."},
                  {"403", "The permission is missing, or X-CSRF-Token."},
                  {"404", "There is no such thing."},
                  {"409", "Somebody else changed it meanwhile."},
                  {"429", "Too many requests; see Retry-After."},
                  {"503", "The store cannot do this now."}};

    jsonw_obj_open(w, "responses");
    jsonw_obj_open(w, "200");
    jsonw_str(w, "description", r->doc);
    jsonw_obj_close(w);
    for (uint32_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        jsonw_obj_open(w, faults[i].status);
        jsonw_str(w, "description", faults[i].text);
        jsonw_obj_open(w, "content");
        jsonw_obj_open(w, "application/json");
        jsonw_obj_open(w, "schema");
        jsonw_str(w, "$ref", "#/components/schemas/Error");
        jsonw_obj_close(w);
        jsonw_obj_close(w);
        jsonw_obj_close(w);
        jsonw_obj_close(w);
    }
    jsonw_obj_close(w);
}

/* "get_api_incidents_id": of method and path. */
static void write_operation_id(struct jsonw *w, const struct api_route *r)
{
    struct strbuf id;

    strbuf_init(&id, 200);
    for (const char *c = r->method; *c; c++)
        strbuf_char(&id, (char)(*c | 0x20));
    for (const char *c = r->path + 4; *c; c++) {
        if (*c != '{' && *c != '}')
            strbuf_char(&id, *c == '/' || *c == '.' ? '_' : *c);
    }
    jsonw_text(w, "operationId", strbuf_view(&id));
    strbuf_fini(&id);
}

static void write_operation(struct jsonw *w, const struct api_group *group,
                            const struct api_route *r)
{
    char method[8] = "";
    bool posts = strcmp(r->method, "POST") == 0;

    for (uint32_t i = 0; r->method[i] && i < sizeof(method) - 1; i++)
        method[i] = (char)(r->method[i] | 0x20);
    jsonw_obj_open(w, method);
    write_operation_id(w, r);
    jsonw_str(w, "summary", r->doc);
    jsonw_arr_open(w, "tags");
    jsonw_str(w, NULL, group->name);
    jsonw_arr_close(w);
    jsonw_str(w, "x-permission", permission_name(r->access));
    jsonw_arr_open(w, "parameters");
    write_path_args(w, r);
    if (!posts)
        write_query(w, r);
    jsonw_arr_close(w);
    if (posts)
        write_body(w, r);
    write_responses(w, r);
    if (r->access == PERM_OPEN) {
        jsonw_arr_open(w, "security");
        jsonw_arr_close(w);
    }
    jsonw_obj_close(w);
}

/* All methods of one path, wherever their rows stand; nothing when an earlier row had the path. */
static void write_path(struct jsonw *w, const char *path, const struct api_route *first)
{
    bool begun = false;

    for (uint32_t g = 0; api_rows[g]; g++) {
        for (const struct api_route *r = api_rows[g]->routes; r->method; r++) {
            if (strcmp(r->path, path) != 0)
                continue;
            if (!begun && r != first)
                return;
            if (!begun)
                jsonw_obj_open(w, path);
            begun = true;
            write_operation(w, api_rows[g], r);
        }
    }
    if (begun)
        jsonw_obj_close(w);
}

static void write_components(struct jsonw *w)
{
    jsonw_obj_open(w, "components");
    jsonw_obj_open(w, "schemas");
    jsonw_obj_open(w, "Error");
    jsonw_str(w, "type", "object");
    jsonw_raw(w, "properties", SLICE_LIT("{\"error\":{\"type\":\"string\"}}"));
    jsonw_obj_close(w);
    jsonw_obj_close(w);
    jsonw_raw(w, "securitySchemes",
              SLICE_LIT("{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"tramgac\"},"
                        "\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
    jsonw_obj_close(w);
    jsonw_raw(w, "security", SLICE_LIT("[{\"session\":[]},{\"token\":[]}]"));
}

void openapi_write(struct strbuf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_obj_open(&w, NULL);
    jsonw_str(&w, "openapi", "3.1.0");
    jsonw_obj_open(&w, "info");
    jsonw_str(&w, "title", "Tramgac analyzer");
    jsonw_str(&w, "version", TRAMGAC_VERSION);
    jsonw_raw(&w, "license",
              SLICE_LIT("{\"name\":\"Apache License 2.0\",\"identifier\":\"Apache-2.0\"}"));
    jsonw_obj_close(&w);
    jsonw_raw(&w, "servers", SLICE_LIT("[{\"url\":\"/\"}]"));
    jsonw_arr_open(&w, "tags");
    for (uint32_t g = 0; api_rows[g]; g++) {
        jsonw_obj_open(&w, NULL);
        jsonw_str(&w, "name", api_rows[g]->name);
        jsonw_str(&w, "description", api_rows[g]->doc);
        jsonw_obj_close(&w);
    }
    jsonw_arr_close(&w);
    jsonw_obj_open(&w, "paths");
    for (uint32_t g = 0; api_rows[g]; g++)
        for (const struct api_route *r = api_rows[g]->routes; r->method; r++)
            write_path(&w, r->path, r);
    jsonw_obj_close(&w);
    write_components(&w);
    jsonw_obj_close(&w);
}
