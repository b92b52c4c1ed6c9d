libwyecore_a_SOURCES += \
	core/tls/context.c \
	core/tls/context.h \
	core/tls/metrics.c \
	core/tls/metrics.h \
	core/tls/session.c \
	core/tls/session.h
