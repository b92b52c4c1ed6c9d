# Plugins: shared objects, built with the public headers only.
wyeplugindir = $(plugindir)
wyeplugin_LTLIBRARIES = plugins/echo.la plugins/greeter.la

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
