libwyecore_a_SOURCES += \
	core/plugin/builtin.c \
	core/plugin/builtin.h \
	core/plugin/loader.c \
	core/plugin/loader.h \
	core/plugin/registry.c \
	core/plugin/registry.h
