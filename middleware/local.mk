# Built-in middleware: with the public headers only.
libwyecore_a_SOURCES += \
	middleware/access-log.c \
	middleware/access-log-line.c \
	middleware/access-log-line.h \
	middleware/origin.c \
	middleware/request-id.c
