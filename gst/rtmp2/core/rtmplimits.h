/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * Every size and every count that a peer can drive, in one place. A module
 * that meets one of these limits fails with RTMP_ERROR_LIMIT (or does what its
 * own header says), before it changes its state.
 */
#ifndef RTMP_LIMITS_H
#define RTMP_LIMITS_H

/* -- Messages and chunks (RTMP 1.0, 5.3) -- */

/* Largest message the 24-bit length field can declare, in bytes. */
#define RTMP_MAX_MESSAGE_SIZE 0xFFFFFFu
/* Chunk size before any Set Chunk Size message, in bytes, each direction. */
#define RTMP_DEFAULT_CHUNK_SIZE 128u
/* Largest chunk size that may be announced (31 bits). */
#define RTMP_MAX_CHUNK_SIZE 0x7FFFFFFFu
/* Chunk streams that may have header state at once in one direction. Real
 * peers use fewer than 16. */
#define RTMP_MAX_CHUNK_STREAMS 256u
/* Bytes held in partly assembled messages over all chunk streams together. */
#define RTMP_MAX_ASSEMBLY_BYTES (32u * 1024 * 1024)
/* A message's memory is reserved for so many times the bytes that arrived for it, at most for the
 * length it declares. What is reserved and not written yet takes no pages. */
#define RTMP_ASSEMBLY_GROWTH 16u
/* First reservation for a message's memory when little of it is in hand. */
#define RTMP_MIN_ASSEMBLY_BLOCK 256u
/* Largest block that is kept for use again, and bytes of all of them, in the whole process. */
#define RTMP_MAX_POOLED_BLOCK (1024u * 1024)
#define RTMP_MAX_POOLED_BYTES (8u * 1024 * 1024)
/* Bytes of protocol and user control messages: none needs more. */
#define RTMP_MAX_CONTROL_SIZE 1024u

/* -- Output -- */

/* Urgent control messages (pongs) that may wait for a stalled socket; further
 * ones replace the oldest. An acknowledgement replaces a waiting one. */
#define RTMP_MAX_URGENT_MESSAGES 32u
/* Vectors the chunk writer prepares at once: half of the common IOV_MAX, since what it remembers of
 * them, 16 KiB, is most of what a connection costs. */
#define RTMP_MAX_VECTORS 512u

/* Payload bytes and messages that an RtmpReplay holds before it is full: a second and more of what a
 * publisher sends while the server's answers are under way. */
#define RTMP_MAX_REPLAY_BYTES (8u * 1024 * 1024)
#define RTMP_MAX_REPLAY_MESSAGES 4096u

/* -- AMF -- */

/* Nested objects and arrays. */
#define RTMP_AMF_MAX_DEPTH 32u
/* Values in one message, nested ones and property values included. */
#define RTMP_AMF_MAX_VALUES 4096u
/* Bytes of one string, property name or byte array. */
#define RTMP_AMF_MAX_STRING (64u * 1024)
/* Bytes of a string that an AMF reference may repeat for one of RTMP_AMF_MAX_VALUES. */
#define RTMP_AMF_REFERENCE_UNIT 256u
/* Bytes of one command message (types 15, 17, 18, 20 as far as decoded). */
#define RTMP_MAX_COMMAND_SIZE (1024u * 1024)

/* -- Session -- */

/* Commands that wait for their _result or _error. */
#define RTMP_MAX_PENDING_COMMANDS 64u
/* Answers that wait for a stalled socket; further ones are dropped. */
#define RTMP_MAX_PENDING_REPLIES 64u
/* Warnings that wait for the owner, whom a call of the application's may hold. */
#define RTMP_MAX_PENDING_WARNINGS 64u
/* Message streams one client may create at a server role. */
#define RTMP_MAX_MESSAGE_STREAMS 16u
/* Sub-messages in one aggregate; aggregates do not nest. */
#define RTMP_MAX_AGGREGATE_MESSAGES 65536u
/* Bytes of a server's code, description or redirect address that are kept. */
#define RTMP_MAX_STATUS_TEXT 2048u
/* Connections one authentication may take. */
#define RTMP_MAX_AUTH_ROUNDS 4u
/* Bytes of one value (user name, challenge, response) in the authentication
 * query that a client sends to a server role. */
#define RTMP_MAX_AUTH_VALUE 512u
/* Hexadecimal digits of the secureToken in a server's answer to connect. */
#define RTMP_MAX_SECURE_TOKEN 4096u

/* -- FLV -- */

/* Header bytes looked at to classify a tag: enough for a chain of ModEx and
 * the multitrack header behind it. */
#define RTMP_FLV_MAX_CLASSIFY 2048u
/* Tracks of a multitrack tag that are listed. */
#define RTMP_FLV_MAX_TRACKS 256u

/* Offset of the first tag that a file header may declare, in bytes. */
#define RTMP_FLV_MAX_DATA_OFFSET 65536u
/* Messages an RtmpQueue holds whatever its other bounds are: empty messages
 * count neither as bytes nor as time. */
#define RTMP_MAX_QUEUE_MESSAGES 65536u
/* Configuration messages an RtmpConfigSet keeps: 16 tracks need fewer than 70. */
#define RTMP_MAX_CONFIG_MESSAGES 256u

/* -- Addresses -- */

/* Bytes of a whole address. */
#define RTMP_MAX_LOCATION 16384u

#endif
