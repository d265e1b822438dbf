/* SPDX-License-Identifier: MIT
 * commands/families.h - every family of commands; server/parts.c adds them to
 * the table in this order. */
#ifndef IGNIS_COMMANDS_FAMILIES_H
#define IGNIS_COMMANDS_FAMILIES_H
#include "command/command.h"

extern const struct family connection_family;   /* c_connection.c */
extern const struct family client_family;       /* c_client.c */
extern const struct family key_family;          /* c_key.c */
extern const struct family scan_family;         /* c_scan.c */
extern const struct family expire_family;       /* c_expire.c */
extern const struct family object_family;       /* c_object.c */
extern const struct family command_family;      /* c_command.c */
extern const struct family slowlog_family;      /* c_slowlog.c */
extern const struct family latency_family;      /* c_latency.c */
extern const struct family config_family;       /* c_config.c */
extern const struct family server_family;       /* c_server.c */
extern const struct family memory_family;       /* c_memory.c */
extern const struct family debug_family;        /* c_debug.c */
extern const struct family lolwut_family;       /* c_lolwut.c */
extern const struct family string_family;       /* c_string.c */
extern const struct family string_many_family;  /* c_string_many.c */
extern const struct family string_number_family;/* c_string_number.c */
extern const struct family string_range_family; /* c_string_range.c */
extern const struct family lcs_family;          /* c_lcs.c */
extern const struct family bitmap_family;       /* c_bitmap.c */
extern const struct family bitfield_family;     /* c_bitfield.c */
extern const struct family transaction_family; /* c_transaction.c */
extern const struct family hash_family;         /* c_hash.c */
extern const struct family hash_number_family;  /* c_hash_number.c */
extern const struct family hash_pick_family;    /* c_hash_pick.c */
extern const struct family hash_expire_family;  /* c_hash_expire.c */
extern const struct family hash_life_family;    /* c_hash_life.c */
extern const struct family set_family;          /* c_set.c */
extern const struct family set_pick_family;     /* c_set_pick.c */
extern const struct family set_algebra_family;  /* c_set_algebra.c */
extern const struct family list_family;         /* c_list.c */
extern const struct family list_edit_family;    /* c_list_edit.c */
extern const struct family list_move_family;    /* c_list_move.c */
extern const struct family sort_family;         /* c_sort.c */
extern const struct family pubsub_family;       /* c_pubsub.c */
extern const struct family tracking_family;     /* c_tracking.c */
extern const struct family zset_family;         /* c_zset.c */
extern const struct family zset_pick_family;    /* c_zset_pick.c */
extern const struct family zset_range_family;   /* c_zset_range.c */
extern const struct family zset_combine_family; /* c_zset_combine.c */
extern const struct family zset_pop_family;     /* c_zset_pop.c */

#endif
