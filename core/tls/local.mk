libwyecore_a_SOURCES += \
	core/tls/blocks.c \
	core/tls/blocks.h \
	core/tls/common.c \
	core/tls/common.h \
	core/tls/context.c \
	core/tls/context.h \
	core/tls/identity.c \
	core/tls/identity.h \
	core/tls/lists.c \
	core/tls/lists.h \
	core/tls/metrics.c \
	core/tls/metrics.h \
	core/tls/names.c \
	core/tls/names.h \
	core/tls/peer.c \
	core/tls/peer.h \
	core/tls/rekey.c \
	core/tls/rekey.h \
	core/tls/session.c \
	core/tls/session.h \
	core/tls/site.c \
	core/tls/site.h \
	core/tls/terms.c \
	core/tls/terms.h \
	core/tls/verify.c \
	core/tls/verify.h
