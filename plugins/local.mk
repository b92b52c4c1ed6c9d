# Plugins: shared objects, built with the public headers only.
wyeplugindir = $(plugindir)
wyeplugin_LTLIBRARIES = plugins/chat.la plugins/clock.la plugins/echo.la plugins/greeter.la \
	plugins/notes.la plugins/timing.la

PLUGIN_CPPFLAGS = -I$(top_srcdir)/include
PLUGIN_CFLAGS = $(WYE_PLUGIN_CFLAGS) $(WYE_SANITIZE)
PLUGIN_LDFLAGS = -module -avoid-version -shared $(AM_LDFLAGS)

plugins_echo_la_SOURCES = plugins/echo.c
plugins_echo_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_echo_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_echo_la_LDFLAGS = $(PLUGIN_LDFLAGS)

plugins_greeter_la_SOURCES = plugins/greeter.c
plugins_greeter_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_greeter_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_greeter_la_LDFLAGS = $(PLUGIN_LDFLAGS)

plugins_clock_la_SOURCES = plugins/clock.c
plugins_clock_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_clock_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_clock_la_LDFLAGS = $(PLUGIN_LDFLAGS)

plugins_timing_la_SOURCES = plugins/timing.c
plugins_timing_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_timing_la_CFLAGS = $(PLUGIN_CFLAGS)
plugins_timing_la_LDFLAGS = $(PLUGIN_LDFLAGS)

plugins_chat_la_SOURCES = plugins/chat.c
plugins_chat_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_chat_la_CFLAGS = $(PLUGIN_CFLAGS) $(JANSSON_CFLAGS)
plugins_chat_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_chat_la_LIBADD = $(JANSSON_LIBS)

plugins_notes_la_SOURCES = plugins/notes.c
plugins_notes_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
plugins_notes_la_CFLAGS = $(PLUGIN_CFLAGS) $(JANSSON_CFLAGS)
plugins_notes_la_LDFLAGS = $(PLUGIN_LDFLAGS)
plugins_notes_la_LIBADD = $(JANSSON_LIBS)
