// SPDX-License-Identifier: Apache-2.0
// curl's setters take a variable number of arguments, which Swift cannot call: one function for each kind.
#ifndef DELINKCIOUS_CURL_SHIM_H
#define DELINKCIOUS_CURL_SHIM_H

#include <curl/curl.h>

static inline CURLcode dc_curl_set_text(CURL *handle, CURLoption option, const char *text) {
    return curl_easy_setopt(handle, option, text);
}

static inline CURLcode dc_curl_set_number(CURL *handle, CURLoption option, long number) {
    return curl_easy_setopt(handle, option, number);
}

static inline CURLcode dc_curl_set_size(CURL *handle, CURLoption option, curl_off_t size) {
    return curl_easy_setopt(handle, option, size);
}

static inline CURLcode dc_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}

static inline CURLcode dc_curl_set_pointer(CURL *handle, CURLoption option, void *pointer) {
    return curl_easy_setopt(handle, option, pointer);
}

typedef size_t (*dc_curl_writer)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode dc_curl_set_writer(CURL *handle, dc_curl_writer writer) {
    return curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, writer);
}

static inline CURLcode dc_curl_status(CURL *handle, long *status) {
    return curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, status);
}

#endif
