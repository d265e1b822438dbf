/* SPDX-License-Identifier: MIT
 * wire/resp_read.h - requests out of a byte stream: RESP arrays of bulk strings
 * through hiredis's reader with our own object functions, and inline commands.
 *
 * Arguments are views: into the caller's buffer when the request lies in it
 * entirely, else into memory the reader owns.  They stay valid until the next
 * request_feed, request_room or request_reader_free of that reader.  A bulk of
 * REQUEST_BIG bytes or more is received straight into a blob that a value can adopt. */
#ifndef IGNIS_WIRE_RESP_READ_H
#define IGNIS_WIRE_RESP_READ_H
#include <stdint.h>
#include "base/blob.h"
#include "base/bytes.h"

#define REQUEST_BIG (32 * 1024)
#define REQUEST_FEED_MAX (64 * 1024)
#define REQUEST_LINE_MAX (64 * 1024)

struct request_reader;

struct request {
    int argc;
    struct bytes *argv;
    struct blob **blobs;        /* NULL, or argc entries: the blob behind argv[i]
                                 * or NULL.  To adopt one, take the pointer and
                                 * put NULL; the rest are released by the reader. */
    size_t wire_bytes;          /* bytes this request took on the wire */
    size_t offset;              /* where in the fed buffer it ended */
};

struct request_limits {
    int64_t bulk_max;           /* proto-max-bulk-len; 16384 before AUTH */
    int64_t args_max;           /* INT_MAX; 10 before AUTH */
    bool unauthenticated;       /* chooses Redis's error text */
};

enum request_status {
    REQUEST_READY,              /* *out holds one */
    REQUEST_MORE,               /* all bytes are consumed, feed more */
    REQUEST_BAD                 /* request_error() says why; close afterwards */
};

/* No buffers are allocated until there is something to hold. */
struct request_reader *request_reader_new(void);
void request_reader_free(struct request_reader *r);

/* Hand over at most REQUEST_FEED_MAX bytes; they must stay in place until
 * request_next answered REQUEST_MORE or BAD. */
void request_feed(struct request_reader *r, const char *at, size_t len);
/* The next complete request.  Empty requests (`*0`, `*-1`, blank lines) are
 * skipped.  Arguments of earlier requests of the same feed stay valid. */
enum request_status request_next(struct request_reader *r,
                                 const struct request_limits *limits,
                                 struct request *out);
/* "Protocol error: invalid bulk length" and so on: Redis's texts without "ERR ". */
const char *request_error(const struct request_reader *r);
/* Where the next bytes from the socket should go: into a big argument under way
 * (then feed with the same pointer), or NULL for no preference. */
char *request_room(struct request_reader *r, size_t *len);
/* True when no partial request is held: such a reader can serve anybody. */
bool request_reader_is_idle(const struct request_reader *r);
/* Bytes that belong to no finished argument yet, nor to a length line that was read; and
 * as many there will be at most with `len` bytes more. */
size_t request_pending(const struct request_reader *r);
size_t request_pending_with(const struct request_reader *r, size_t len);
/* Memory the reader takes. */
size_t request_memory(const struct request_reader *r);
/* Bytes of the arguments that the request under way has complete.  O(arguments). */
size_t request_arguments(const struct request_reader *r);
/* Everything fed was parsed and the requests handed out are done with: give their
 * memory back, because the next feed may be long in coming. */
void request_settle(struct request_reader *r);
/* Nothing has come for long: of a big argument keep no more memory than has come. */
void request_shrink(struct request_reader *r);
/* Forget all partial input (client is being closed or reset) and release the blobs of
 * finished requests; their arguments are no longer valid. */
void request_reader_reset(struct request_reader *r);

#endif
