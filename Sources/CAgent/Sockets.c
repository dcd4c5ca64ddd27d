// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include "CAgent.h"
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define RESULT(call) ({ long result_; do { result_ = (call); } while (result_ < 0 && errno == EINTR); \
    result_ < 0 ? -(long)errno : result_; })

static int local_address(struct sockaddr_un *address, const char *path) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

static int local_socket(int flags) {
    int fd = RESULT(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    if (fd < 0) return fd;
    int size = 1 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return fd;
}

// A path of any length fits, because it goes through the descriptor of its folder. The name appears only when the
// socket listens: nobody finds it too early, and one that a dead process has left is replaced.
int dl_listen(int dir, const char *name) {
    char path[100];
    struct sockaddr_un address;
    if (snprintf(path, sizeof path, "/proc/self/fd/%d/%s.new", dir, name) >= (int)sizeof path) return -ENAMETOOLONG;
    const char *fresh = strrchr(path, '/') + 1;
    int result = local_address(&address, path);
    if (result < 0) return result;
    int fd = local_socket(SOCK_NONBLOCK);
    if (fd < 0) return fd;
    unlinkat(dir, fresh, 0);
    mode_t old = umask(0177);
    result = RESULT(bind(fd, (struct sockaddr *)&address, sizeof address));
    umask(old);
    if (result == 0) result = RESULT(listen(fd, 16));
    if (result == 0) result = RESULT(renameat(dir, fresh, dir, name));
    if (result < 0) {
        close(fd);
        return result;
    }
    return fd;
}

int dl_connect(const char *path) {
    struct sockaddr_un address;
    char through[100];
    int dir = -1;
    if (strlen(path) >= sizeof address.sun_path) {
        const char *name = strrchr(path, '/');
        char folder[4096];
        if (name == NULL || (size_t)(name - path) >= sizeof folder) return -ENAMETOOLONG;
        memcpy(folder, path, (size_t)(name - path));
        folder[name - path] = 0;
        dir = dl_open_folder(folder);
        if (dir < 0) return dir;
        snprintf(through, sizeof through, "/proc/self/fd/%d%s", dir, name);
        path = through;
    }
    int result = local_address(&address, path);
    int fd = result < 0 ? result : local_socket(0);
    if (fd >= 0) {
        result = RESULT(connect(fd, (struct sockaddr *)&address, sizeof address));
        if (result < 0) {
            close(fd);
            fd = result;
        }
    }
    if (dir >= 0) close(dir);
    return fd;
}

int dl_accept(int fd) { return RESULT(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }

long dl_send(int fd, const void *bytes, size_t count) {
    return RESULT(send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT));
}

long dl_receive(int fd, void *bytes, size_t count) { return RESULT(recv(fd, bytes, count, MSG_DONTWAIT)); }

// Room for the control message with two descriptors, aligned as its header wants it.
typedef union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
} pair_control;

int dl_send_pair(int fd, int first, int second) {
    char byte = 0;
    struct iovec content = {&byte, 1};
    pair_control control;
    memset(&control, 0, sizeof control);
    struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control};
    int pair[2] = {first, second};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof pair);
    memcpy(CMSG_DATA(header), pair, sizeof pair);
    return (int)RESULT(sendmsg(fd, &message, MSG_NOSIGNAL));
}

long dl_receive_pair(int fd, int *first, int *second) {
    char byte;
    struct iovec content = {&byte, 1};
    pair_control control;
    struct msghdr message = {.msg_iov = &content, .msg_iovlen = 1, .msg_control = &control,
                             .msg_controllen = sizeof control};
    long result = RESULT(recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    *first = *second = -1;
    struct cmsghdr *header = result < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return result;
    int pair[2] = {-1, -1};
    size_t size = header->cmsg_len - CMSG_LEN(0);
    memcpy(pair, CMSG_DATA(header), size < sizeof pair ? size : sizeof pair);
    *first = pair[0];
    *second = pair[1];
    return result;
}

void dl_widen_pipe(int fd, int size) { fcntl(fd, F_SETPIPE_SZ, size); }

int dl_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -errno : (int)RESULT(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
}

uint32_t dl_own_address(void) {
    struct ifaddrs *list = NULL;
    uint32_t found = 0;
    if (getifaddrs(&list) < 0) return 0;
    for (struct ifaddrs *next = list; next != NULL && found == 0; next = next->ifa_next) {
        if (next->ifa_addr == NULL || next->ifa_addr->sa_family != AF_INET) continue;
        if ((next->ifa_flags & IFF_UP) == 0 || (next->ifa_flags & IFF_LOOPBACK) != 0) continue;
        found = ntohl(((struct sockaddr_in *)next->ifa_addr)->sin_addr.s_addr);
    }
    freeifaddrs(list);
    return found;
}

int dl_connect_tcp(uint32_t host, uint16_t port) {
    int fd = RESULT(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0) return fd;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host == 0 ? INADDR_LOOPBACK : host);
    int result = RESULT(connect(fd, (struct sockaddr *)&address, sizeof address));
    if (result < 0 && result != -EINPROGRESS) {
        close(fd);
        return result;
    }
    return fd;
}

int dl_connect_result(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return -errno;
    return -error;
}
