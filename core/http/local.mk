libwyecore_a_SOURCES += \
	core/http/blocking.c \
	core/http/blocking.h \
	core/http/chain.c \
	core/http/chain.h \
	core/http/connection.c \
	core/http/connection.h \
	core/http/engine.c \
	core/http/engine.h \
	core/http/reply.c \
	core/http/request.c \
	core/http/request.h \
	core/http/thread.c \
	core/http/thread.h \
	core/http/ticket.c \
	core/http/upgrade.c \
	core/http/upgrade.h \
	core/http/wait.c \
	core/http/wait.h
