libwyecore_a_SOURCES += \
	core/config/config.c \
	core/config/config.h \
	core/config/environment.c \
	core/config/environment.h \
	core/config/keys.c \
	core/config/keys.h \
	core/config/nearest.c \
	core/config/nearest.h \
	core/config/options.c \
	core/config/options.h \
	core/config/problems.c \
	core/config/problems.h \
	core/config/schema.c \
	core/config/schema.h \
	core/config/settings.c \
	core/config/settings.h \
	core/config/sketch.c \
	core/config/sketch.h \
	core/config/source.c \
	core/config/source.h \
	core/config/syntax.c \
	core/config/syntax.h \
	core/config/tls.c \
	core/config/tls.h \
	core/config/value.c \
	core/config/value.h
