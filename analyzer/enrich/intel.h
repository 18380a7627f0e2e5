/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threat intelligence as one immutable set: addresses, networks, domains, URLs and digests of
 * files, each with its source, confidence and end. Read from plain lists, Zeek's intel files, MISP
 * events and STIX 2.1 bundles (intel_read.c); built aside and swapped whole.
 *
 * Bounded: INTEL_MAX indicators; what is more, or is not understood, is counted.
 */
#ifndef TRAMGAC_ANALYZER_ENRICH_INTEL_H
#define TRAMGAC_ANALYZER_ENRICH_INTEL_H

#include "common/addr.h"
#include "common/arena.h"
#include "common/strbuf.h"

enum { INTEL_MAX = 1000000, INTEL_VALUE_MAX = 512, INTEL_FILE_MAX = 256 << 20 };

enum intel_kind { INTEL_ADDR, INTEL_DOMAIN, INTEL_URL, INTEL_HASH };
enum { INTEL_KINDS = 4 };
/** "address", "domain", "url", "digest"; `vietnamese`: the same for people. */
const char *intel_kind_name(enum intel_kind kind, bool vietnamese);

struct indicator {
    enum intel_kind kind;
    const char *value;   /* as given */
    const char *source;  /* who says so */
    const char *about;   /* description; "" when none */
    uint8_t confidence;  /* 0-100 percent */
    uint64_t expires_ns; /* 0 = never */
};

struct intel;

struct intel *intel_new(void);
void intel_free(struct intel **intel);

/** Adds one; a network is an address with /bits. The more confident of two equal ones stays. False:
 * not understood, or no room. Texts are copied. */
bool intel_add(struct intel *intel, const struct indicator *indicator);
/** Guesses the kind of a bare value: address, network, digest, URL, domain. False: none of them. */
bool intel_guess(struct slice value, enum intel_kind *kind);

/** Adds a file, whose form is seen from its content. ERR_INPUT: `report` says why. `confidence`:
 * where the file says none; `source`: where it says none. */
enum err intel_read(struct intel *intel, const char *path, uint8_t confidence,
                    struct strbuf *report);

/** The indicators of one source. */
struct intel_source {
    const char *name;
    uint32_t n, expired; /* `expired` of the `n` at the time asked for */
    uint64_t next_ns;    /* the next end of one that is valid; 0 = none ends */
    uint8_t least, most; /* confidence */
};
/** Sums by source, at most `room`; what is of further sources is left out. Returns how many. */
uint32_t intel_sources(const struct intel *intel, uint64_t now_ns, struct intel_source *sources,
                       uint32_t room);
uint32_t intel_count(const struct intel *intel);
uint32_t intel_skipped(const struct intel *intel); /* lines and patterns not understood */
void intel_skip(struct intel *intel);

/** Indicators that are valid at `now_ns`; NULL when there is none. */
const struct indicator *intel_addr(const struct intel *intel, const struct addr *addr,
                                   uint64_t now_ns);
/** The name itself or a domain above it. */
const struct indicator *intel_domain(const struct intel *intel, struct slice name, uint64_t now_ns);
/** Without scheme: "host/path"; a query counts only where the indicator has one. */
const struct indicator *intel_url(const struct intel *intel, struct slice host, struct slice path,
                                  uint64_t now_ns);
const struct indicator *intel_hash(const struct intel *intel, struct slice hex, uint64_t now_ns);

#endif
