# Tests of the running daemon, with clients that others wrote.
INTEGRATION_TESTS = \
	tests/integration/test_access_log.py \
	tests/integration/test_answers.py \
	tests/integration/test_acks.py \
	tests/integration/test_admission.py \
	tests/integration/test_api_key.py \
	tests/integration/test_bad_input.py \
	tests/integration/test_bad_peers.py \
	tests/integration/test_basic.py \
	tests/integration/test_bodies.py \
	tests/integration/test_body_limit.py \
	tests/integration/test_certificates.py \
	tests/integration/test_chat.py \
	tests/integration/test_clients.py \
	tests/integration/test_compress.py \
	tests/integration/test_config.py \
	tests/integration/test_cors.py \
	tests/integration/test_deflate.py \
	tests/integration/test_delivery.py \
	tests/integration/test_denial.py \
	tests/integration/test_docs.py \
	tests/integration/test_edges.py \
	tests/integration/test_events.py \
	tests/integration/test_example.py \
	tests/integration/test_files.py \
	tests/integration/test_forms.py \
	tests/integration/test_forward_auth.py \
	tests/integration/test_frames.py \
	tests/integration/test_gate.py \
	tests/integration/test_groups.py \
	tests/integration/test_hammer.py \
	tests/integration/test_handshakes.py \
	tests/integration/test_headers.py \
	tests/integration/test_health.py \
	tests/integration/test_heartbeat.py \
	tests/integration/test_inherited.py \
	tests/integration/test_ip_filter.py \
	tests/integration/test_jwt.py \
	tests/integration/test_limits.py \
	tests/integration/test_manual.py \
	tests/integration/test_many.py \
	tests/integration/test_mtls.py \
	tests/integration/test_metrics.py \
	tests/integration/test_nginx_rates.py \
	tests/integration/test_notes.py \
	tests/integration/test_outbox.py \
	tests/integration/test_plugins.py \
	tests/integration/test_privileges.py \
	tests/integration/test_proxies.py \
	tests/integration/test_proxy_protocol.py \
	tests/integration/test_rate_limit.py \
	tests/integration/test_redact.py \
	tests/integration/test_redirect.py \
	tests/integration/test_renewal.py \
	tests/integration/test_rest.py \
	tests/integration/test_route_limits.py \
	tests/integration/test_routes.py \
	tests/integration/test_runs.py \
	tests/integration/test_secrets.py \
	tests/integration/test_segments.py \
	tests/integration/test_send.py \
	tests/integration/test_slow.py \
	tests/integration/test_stop.py \
	tests/integration/test_storm.py \
	tests/integration/test_strict.py \
	tests/integration/test_tasks.py \
	tests/integration/test_tickets.py \
	tests/integration/test_timeout.py \
	tests/integration/test_tls.py \
	tests/integration/test_tls_streams.py \
	tests/integration/test_to_https.py \
	tests/integration/test_token.py \
	tests/integration/test_token_command.py \
	tests/integration/test_unix_socket.py \
	tests/integration/test_unlucky.py \
	tests/integration/test_upgrade.py \
	tests/integration/test_wss.py

TESTS += $(INTEGRATION_TESTS)
EXTRA_DIST += $(INTEGRATION_TESTS) tests/integration/certificates.py tests/integration/crowd.py \
	tests/integration/framing.py tests/integration/grammar.py tests/integration/issuer.py \
	tests/integration/peers.py tests/integration/proxies.py tests/integration/records.py tests/integration/tokens.py \
	tests/integration/wye.py

# The plugins that they use.
check_LTLIBRARIES += \
	tests/plugins/answers.la \
	tests/plugins/bodies.la \
	tests/plugins/broken1.la \
	tests/plugins/broken2.la \
	tests/plugins/broken3.la \
	tests/plugins/broken4.la \
	tests/plugins/broken5.la \
	tests/plugins/broken6.la \
	tests/plugins/broken7.la \
	tests/plugins/delivery.la \
	tests/plugins/edges.la \
	tests/plugins/feed.la \
	tests/plugins/form.la \
	tests/plugins/gate.la \
	tests/plugins/hammer.la \
	tests/plugins/herald.la \
	tests/plugins/named.la \
	tests/plugins/no_adopt.la \
	tests/plugins/peer.la \
	tests/plugins/probe.la \
	tests/plugins/ready.la \
	tests/plugins/runtime.la \
	tests/plugins/show.la \
	tests/plugins/tasks.la \
	tests/plugins/tell.la \
	tests/plugins/workers.la

tests_plugins_answers_la_SOURCES = tests/plugins/answers.c
tests_plugins_answers_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -D_GNU_SOURCE
tests_plugins_answers_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_answers_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_bodies_la_SOURCES = tests/plugins/bodies.c
tests_plugins_bodies_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_bodies_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_bodies_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken1_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken1_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=1
tests_plugins_broken1_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken1_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken2_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken2_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=2
tests_plugins_broken2_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken2_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken3_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken3_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=3
tests_plugins_broken3_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken3_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken4_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken4_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=4
tests_plugins_broken4_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken4_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken5_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken5_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=5
tests_plugins_broken5_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken5_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken6_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken6_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=6
tests_plugins_broken6_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken6_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_broken7_la_SOURCES = tests/plugins/broken.c
tests_plugins_broken7_la_CPPFLAGS = $(PLUGIN_CPPFLAGS) -DBROKEN=7
tests_plugins_broken7_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_broken7_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_delivery_la_SOURCES = tests/plugins/delivery.c tests/plugins/orders.h
tests_plugins_delivery_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_delivery_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_delivery_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_edges_la_SOURCES = tests/plugins/edges.c
tests_plugins_edges_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_edges_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_edges_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_feed_la_SOURCES = tests/plugins/feed.c
tests_plugins_feed_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_feed_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_feed_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_form_la_SOURCES = tests/plugins/form.c
tests_plugins_form_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_form_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_form_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_gate_la_SOURCES = tests/plugins/gate.c
tests_plugins_gate_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_gate_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_gate_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_hammer_la_SOURCES = tests/plugins/hammer.c tests/plugins/orders.h
tests_plugins_hammer_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_hammer_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_hammer_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_herald_la_SOURCES = tests/plugins/herald.c
tests_plugins_herald_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_herald_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_herald_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_plugins_herald_la_LIBADD = -lm

tests_plugins_named_la_SOURCES = tests/plugins/named.c
tests_plugins_named_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_named_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_named_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_no_adopt_la_SOURCES = tests/plugins/no_adopt.c
tests_plugins_no_adopt_la_CPPFLAGS = -D_GNU_SOURCE
tests_plugins_no_adopt_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere

tests_plugins_probe_la_SOURCES = tests/plugins/probe.c
tests_plugins_probe_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_probe_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_probe_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_ready_la_SOURCES = tests/plugins/ready.c
tests_plugins_ready_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_ready_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_ready_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_runtime_la_SOURCES = tests/plugins/runtime.c tests/plugins/runtime_orders.c \
	tests/plugins/orders.h tests/plugins/runtime.h
tests_plugins_runtime_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_runtime_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_runtime_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_peer_la_SOURCES = tests/plugins/peer.c
tests_plugins_peer_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_peer_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_peer_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
tests_plugins_show_la_SOURCES = tests/plugins/show.c
tests_plugins_show_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_show_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_show_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_tasks_la_SOURCES = tests/plugins/tasks.c tests/plugins/orders.h
tests_plugins_tasks_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_tasks_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_tasks_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_tell_la_SOURCES = tests/plugins/tell.c
tests_plugins_tell_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_tell_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_tell_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere

tests_plugins_workers_la_SOURCES = tests/plugins/workers.c
tests_plugins_workers_la_CPPFLAGS = $(PLUGIN_CPPFLAGS)
tests_plugins_workers_la_CFLAGS = $(PLUGIN_CFLAGS)
tests_plugins_workers_la_LDFLAGS = $(PLUGIN_LDFLAGS) -rpath /nowhere
