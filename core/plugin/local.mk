libwyecore_a_SOURCES += \
	core/plugin/builtin.c \
	core/plugin/builtin.h \
	core/plugin/instance.c \
	core/plugin/instance.h \
	core/plugin/library.c \
	core/plugin/library.h \
	core/plugin/loader.c \
	core/plugin/loader.h \
	core/plugin/part.c \
	core/plugin/part.h \
	core/plugin/registry.c \
	core/plugin/registry.h
