// Sockets: what Glibc's module hides behind _GNU_SOURCE, and addresses whose path is an array that Swift sees as a tuple.
#ifndef CLINUX_SOCKET_H
#define CLINUX_SOCKET_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/// Who opened the other end of a connected Unix-domain socket; 0, or -1 with errno.
static inline int clinux_peer_credentials(int descriptor, uint32_t *uid, uint32_t *gid) {
    struct { int32_t pid; uint32_t uid, gid; } credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

/// The supplementary groups of who opened the other end: their count, or -1 with errno.
///
/// Where `capacity` is too small nothing is written and the count that is needed returned.
static inline int clinux_peer_groups(int descriptor, uint32_t *groups, int capacity) {
    socklen_t size = (socklen_t)capacity * sizeof *groups;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0 && errno != ERANGE) return -1;
    return (int)(size / sizeof *groups);
}

/// Whether a connected socket has bytes, or its end, to be read: 1 or 0.
static inline int clinux_has_input(int descriptor) {
    char byte;
    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

static inline int clinux_unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address->sun_path, path, strlen(path));
    return 0;
}

/// Binds a Unix-domain socket to a path; 0, or -1 with errno.
static inline int clinux_bind(int descriptor, const char *path) {
    struct sockaddr_un address;
    if (clinux_unix_address(path, &address) != 0) return -1;
    return bind(descriptor, (const struct sockaddr *)&address, sizeof address);
}

/// Connects a Unix-domain socket to a path; 0, or -1 with errno.
static inline int clinux_connect(int descriptor, const char *path) {
    struct sockaddr_un address;
    if (clinux_unix_address(path, &address) != 0) return -1;
    return connect(descriptor, (const struct sockaddr *)&address, sizeof address);
}

/// The path that a Unix-domain socket is bound to: its length, 0 if it has none, or -1 with errno where it is no such socket.
static inline int clinux_bound_path(int descriptor, char *path, int capacity) {
    struct sockaddr_un address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) return -1;
    if (address.sun_family != AF_UNIX) {
        errno = EAFNOSUPPORT;
        return -1;
    }
    size_t length = size > offsetof(struct sockaddr_un, sun_path) ? strnlen(address.sun_path, sizeof address.sun_path) : 0;
    if (length >= (size_t)capacity) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, address.sun_path, length);
    path[length] = 0;
    return (int)length;
}

#endif
