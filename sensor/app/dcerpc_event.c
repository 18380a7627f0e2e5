/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of DCE/RPC calls in the form of Suricata; requests name their interface too.
 */
#include "sensor/app/dcerpc_tx.h"

#include "common/fmt.h"
#include "common/jsonw.h"

static void write_iface(struct jsonw *w, const struct dcerpc_iface *iface, bool bind, bool reasons)
{
    char text[40];

    jsonw_obj_open(w, NULL);
    dcerpc_pdu_uuid_text(iface->uuid, text);
    jsonw_str(w, "uuid", text);
    fmt_text(text, sizeof text, "%u.%u", iface->major, iface->minor);
    jsonw_str(w, "version", text);
    if (bind && iface->acked) {
        jsonw_u64(w, "ack_result", iface->result);
        if (reasons)
            jsonw_u64(w, "ack_reason", iface->reason);
    }
    jsonw_obj_close(w);
}

void dcerpc_event_ifaces(struct jsonw *w, const struct dcerpc_call *call, bool reasons)
{
    const struct dcerpc_iface *at = call->ifaces.at;
    bool request = call->seen[TO_SERVER] && call->type[TO_SERVER] == DCERPC_REQUEST;

    if (!call->ifaces.n || (request && at[0].context != call->context))
        return;
    jsonw_arr_open(w, "interfaces");
    for (uint32_t i = 0; i < (request ? 1 : call->ifaces.n); i++)
        write_iface(w, &at[i], !request, reasons);
    jsonw_arr_close(w);
}

void dcerpc_event_half(struct jsonw *w, const struct dcerpc_call *call, enum dir dir)
{
    bool request = dir == TO_SERVER;

    jsonw_obj_open(w, request ? "req" : "res");
    if (request && call->has_opnum)
        jsonw_u64(w, "opnum", call->opnum);
    jsonw_u64(w, "frag_cnt", call->fragments[dir]);
    jsonw_u64(w, "stub_data_size", call->stub_bytes[dir]);
    jsonw_obj_close(w);
}

void dcerpc_event_write(struct tx *tx, uint32_t i, struct jsonw *w)
{
    const struct dcerpc_tx *rpc = tx_data_const(tx);
    const struct dcerpc_call *call = &rpc->call;
    char room[40];

    (void)i;
    jsonw_str(w, "request",
              call->seen[TO_SERVER] ? dcerpc_pdu_type_name(call->type[TO_SERVER], room)
                                    : "REQUEST_LOST");
    if (call->seen[TO_SERVER] && call->type[TO_SERVER] == DCERPC_REQUEST)
        dcerpc_event_half(w, call, TO_SERVER);
    if (call->seen[TO_SERVER])
        dcerpc_event_ifaces(w, call, false);
    jsonw_str(w, "response",
              call->seen[TO_CLIENT] ? dcerpc_pdu_type_name(call->type[TO_CLIENT], room)
                                    : "UNREPLIED");
    if (call->seen[TO_CLIENT] && call->type[TO_CLIENT] == DCERPC_RESPONSE)
        dcerpc_event_half(w, call, TO_CLIENT);
    if (rpc->datagram) {
        dcerpc_pdu_uuid_text(rpc->activity, room);
        jsonw_str(w, "activityuuid", room);
        jsonw_u64(w, "seqnum", rpc->sequence);
    } else {
        jsonw_u64(w, "call_id", call->call_id);
    }
    fmt_text(room, sizeof room, "%u.%u", rpc->version, rpc->minor);
    jsonw_str(w, "rpc_version", room);
}
