# Built-in handlers: with the public headers only.
libwyecore_a_SOURCES += \
	handlers/files.c \
	handlers/files.h \
	handlers/files-condition.c \
	handlers/files-condition.h \
	handlers/files-encoding.c \
	handlers/files-encoding.h \
	handlers/files-find.c \
	handlers/files-open.c \
	handlers/files-open.h \
	handlers/files-reply.c \
	handlers/files-type.c \
	handlers/files-type.h \
	handlers/health.c \
	handlers/redirect.c \
	handlers/redirect-target.c \
	handlers/redirect-target.h \
	handlers/respond.c
