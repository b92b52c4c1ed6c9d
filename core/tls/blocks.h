/* SPDX-License-Identifier: MIT
 *
 * blocks.h - the buffers of OpenSSL's records. A session lets go of its two as soon as a record
 * is read or written, so that an idle one holds none; a thread that has sessions keeps the last
 * few for the next record, instead of going to the heap twice for each message.
 */
#ifndef WYE_CORE_TLS_BLOCKS_H
#define WYE_CORE_TLS_BLOCKS_H

/* OpenSSL allocates here from now on. Main, before anything else calls OpenSSL; too late, it
 * goes on as it did. */
void wye_tls_blocks_start(void);

/* The calling thread keeps blocks from now on, and until then. */
void wye_tls_blocks_keep(void);
void wye_tls_blocks_free(void);

#endif
