libwyecore_a_SOURCES += \
	core/http/body.c \
	core/http/body.h \
	core/http/chain.c \
	core/http/chain.h \
	core/http/connection.c \
	core/http/connection.h \
	core/http/engine.c \
	core/http/engine.h \
	core/http/event.c \
	core/http/events.c \
	core/http/events.h \
	core/http/head.c \
	core/http/head.h \
	core/http/input.c \
	core/http/miss.c \
	core/http/miss.h \
	core/http/reply.c \
	core/http/request.c \
	core/http/request.h \
	core/http/source.c \
	core/http/thread.c \
	core/http/thread.h \
	core/http/ticket.c \
	core/http/upgrade.c \
	core/http/upgrade.h \
	core/http/wait.c \
	core/http/wait.h
