// SPDX-License-Identifier: Apache-2.0
#pragma once
// Swift cannot call variadic functions: one typed wrapper per kind of argument. The checks of typecheck-gcc.h need
// constant options, which a wrapper does not have.
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

typedef size_t (*dl_curl_data_function)(char *, size_t, size_t, void *);
typedef int (*dl_curl_seek_function)(void *, curl_off_t, int);
typedef curl_socket_t (*dl_curl_socket_function)(void *, curlsocktype, struct curl_sockaddr *);

static inline CURLcode dl_curl_global_init(void) {
    return curl_global_init(CURL_GLOBAL_ALL);
}

static inline CURLcode dl_curl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode dl_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode dl_curl_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode dl_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode dl_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode dl_curl_set_blob(CURL *handle, CURLoption option, const void *data, size_t count) {
    struct curl_blob blob = {(void *)data, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}

static inline CURLcode dl_curl_set_data_function(CURL *handle, CURLoption option, dl_curl_data_function value) {
    return curl_easy_setopt(handle, option, value);
}

static inline CURLcode dl_curl_set_seek_function(CURL *handle, dl_curl_seek_function value) {
    return curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, value);
}

static inline CURLcode dl_curl_set_socket_function(CURL *handle, dl_curl_socket_function value) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, value);
}

static inline CURLcode dl_curl_get_socket(CURL *handle, curl_socket_t *value) {
    return curl_easy_getinfo(handle, CURLINFO_ACTIVESOCKET, value);
}

static inline CURLcode dl_curl_unpause(CURL *handle) {
    return curl_easy_pause(handle, CURLPAUSE_CONT);
}

/// The next finished transfer of a multi handle, NULL when there is none.
static inline CURL *dl_curl_next_finished(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
