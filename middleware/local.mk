# Built-in middleware: with the public headers only.
libwyecore_a_SOURCES += \
	middleware/access-log.c \
	middleware/access-log-line.c \
	middleware/access-log-line.h \
	middleware/admission.c \
	middleware/limiter.c \
	middleware/limiter.h \
	middleware/body-limit.c \
	middleware/cors.c \
	middleware/headers.c \
	middleware/headers-rule.c \
	middleware/headers-rule.h \
	middleware/api-key.c \
	middleware/api-keys.c \
	middleware/api-keys.h \
	middleware/basic.c \
	middleware/credentials.c \
	middleware/credentials.h \
	middleware/digest.c \
	middleware/digest.h \
	middleware/file-watch.c \
	middleware/file-watch.h \
	middleware/ip-filter.c \
	middleware/ip-ranges.c \
	middleware/ip-ranges.h \
	middleware/access-log-mask.c \
	middleware/access-log-mask.h \
	middleware/bearer.c \
	middleware/bearer.h \
	middleware/jwt.c \
	middleware/origin.c \
	middleware/rate-limit.c \
	middleware/rate-limit-fields.c \
	middleware/rate-limit-fields.h \
	middleware/origins.c \
	middleware/origins.h \
	middleware/request-id.c
	middleware/request-id.c \
	middleware/token.c
	middleware/request-id.c \
	middleware/timeout.c
	middleware/passwords.c \
	middleware/passwords.h \
	middleware/remembered.c \
	middleware/remembered.h \
	middleware/request-id.c \
	middleware/work-queue.c \
	middleware/work-queue.h
