#include <curl/curl.h>

// curl_easy_setopt takes its value as a variable argument, which Swift cannot pass.

static inline CURLcode pth2swt_set_number(CURL *handle, CURLoption option, long value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode pth2swt_set_pointer(CURL *handle, CURLoption option, void *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode pth2swt_set_text(CURL *handle, CURLoption option, const char *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode pth2swt_set_receiver(
    CURL *handle, CURLoption option, size_t (*value)(char *, size_t, size_t, void *)) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode pth2swt_set_progress(
    CURL *handle, int (*value)(void *, curl_off_t, curl_off_t, curl_off_t, curl_off_t)) {
  return (curl_easy_setopt)(handle, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode pth2swt_set_before_request(CURL *handle, int (*value)(void *, char *, char *, int, int)) {
  return (curl_easy_setopt)(handle, CURLOPT_PREREQFUNCTION, value);
}
