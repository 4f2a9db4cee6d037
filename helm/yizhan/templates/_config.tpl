{{- /* The settings file of a service, and its secrets as environment. */ -}}

{{- /* One value as TOML. Helm reads every number as a float; a setting is a whole number. */ -}}
{{- define "yizhan.toml.value" -}}
{{- if kindIs "string" . }}{{ . | toJson }}
{{- else if kindIs "bool" . }}{{ . }}
{{- else if kindIs "slice" . }}[{{ range $i, $x := . }}{{ if $i }}, {{ end }}{{ include "yizhan.toml.value" $x }}{{ end }}]
{{- else }}{{ int64 . }}
{{- end }}
{{- end -}}

{{- /* A dict of sections as TOML: what is no dict first, then each section. `path` is where it stands. */ -}}
{{- define "yizhan.toml" -}}
{{- $path := .path -}}
{{- range $key, $value := .data }}
{{- if not (kindIs "map" $value) }}
{{ $key }} = {{ include "yizhan.toml.value" $value }}
{{- end }}
{{- end }}
{{- range $key, $value := .data }}
{{- if kindIs "map" $value }}
{{- $here := ternary $key (printf "%s.%s" $path $key) (eq $path "") }}
{{- $plain := false }}
{{- range $value }}{{ if not (kindIs "map" .) }}{{ $plain = true }}{{ end }}{{ end }}
{{- if $plain }}

[{{ $here }}]
{{- end }}
{{- include "yizhan.toml" (dict "path" $here "data" $value) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* What the chart decides of a service's settings, as YAML; `config` of the values goes over it. */ -}}
{{- define "yizhan.settings" -}}
{{- $root := .root -}}
{{- $v := .root.Values -}}
{{- $shard := .shard -}}
{{- $services := .root.Files.Get "files/services.yaml" | fromYaml -}}
{{- $service := get $services .name -}}
server:
  listen: {{ printf "%s:%d" $v.listenAddress (int64 $service.port) | quote }}
  health_listen: {{ printf "%s:9465" $v.listenAddress | quote }}
  drain_seconds: {{ int64 .s.drainSeconds }}
  {{- with .shard }}
  areas: {{ join "," .areas | quote }}
  {{- end }}
  {{- if $v.tls.enabled }}
  tls_cert: /etc/yizhan/tls/tls.crt
  tls_key: /etc/yizhan/tls/tls.key
  {{- end }}
  {{- if $v.callers.mutualTls }}
  tls_client_ca: /etc/yizhan/tls/ca.crt
  {{- end }}
  {{- if include "yizhan.callers" .root }}
  callers: /etc/yizhan/config/callers.toml
  {{- end }}
  {{- with $v.callers.jwt.issuer }}
  jwt_issuer: {{ . | quote }}
  jwt_audience: {{ $v.callers.jwt.audience | quote }}
  {{- with $v.callers.jwt.jwksUrl }}
  jwt_jwks: {{ . | quote }}
  jwt_jwks_ca: /etc/yizhan/jwks/ca.crt
  {{- else }}
  jwt_jwks: /etc/yizhan/jwks/jwks.json
  {{- end }}
  jwt_leeway_seconds: {{ int64 $v.callers.jwt.leewaySeconds }}
  {{- end }}
  {{- if $v.callers.trustHeader }}
  trust_caller_header: true
  {{- end }}
telemetry:
  log_format: json
  {{- if $v.metrics.enabled }}
  metrics_listen: {{ printf "%s:9464" $v.listenAddress | quote }}
  {{- end }}
  {{- with $v.telemetry.otlpEndpoint }}
  otlp_endpoint: {{ . | quote }}
  {{- end }}
{{- $calls := include "yizhan.calls" . }}
{{- if $calls }}
peers:
  {{- range splitList " " $calls }}
  {{ . }}:
    {{- $host := printf "%s-peers.%s.svc.%s" (include "yizhan.name" (dict "root" $root "name" . "shard" $shard)) $root.Release.Namespace $v.clusterDomain }}
    address: {{ printf "%s://%s:%d" (ternary "https" "http" $v.tls.enabled) $host (int64 (get $services .).port) | quote }}
    {{- if $v.tls.enabled }}
    tls_ca: /etc/yizhan/tls/ca.crt
    {{- end }}
    {{- if $v.callers.mutualTls }}
    tls_cert: /etc/yizhan/tls/tls.crt
    tls_key: /etc/yizhan/tls/tls.key
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* The file `server.callers`: gateways, what `helm test` is taken for, and the rules of the values. */ -}}
{{- define "yizhan.callers" -}}
{{- $gateways := ternary .Values.callers.gateways list .Values.callers.mutualTls -}}
{{- range $gateways }}
[[rule]]
match = {{ toJson . }}
gateway = true
{{ end }}
{{- if and .Values.tests.enabled .Values.callers.mutualTls }}
[[rule]]
match = {{ printf "spiffe://yizhan/ns/%s/sa/yizhan-check" .Release.Namespace | toJson }}
gateway = true
only = ["agency:999900", "institution:H99990000099"]
{{ end }}
{{- if and .Values.booksCheck.enabled .Values.callers.mutualTls }}
[[rule]]
match = {{ printf "spiffe://yizhan/ns/%s/sa/yizhan-books" .Release.Namespace | toJson }}
gateway = true
only = ["operator:books"]
{{ end }}
{{- with .Values.callers.rules }}
{{ trim . }}
{{ end }}
{{- end -}}

{{- define "yizhan.config" -}}
{{- $settings := include "yizhan.settings" . | fromYaml -}}
{{- $all := mustMergeOverwrite $settings (deepCopy .s.config) -}}
{{- include "yizhan.toml" (dict "path" "" "data" $all) | trim }}
{{- end -}}

{{- /* Secrets, by reference only: the address of the database, the keys of the service, the address of Redis. */ -}}
{{- define "yizhan.secretEnv" -}}
{{- $service := get (.root.Files.Get "files/services.yaml" | fromYaml) .name -}}
{{- $variable := printf "YIZHAN_%s" (upper .name) -}}
- name: {{ $variable }}_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .s.database.existingSecret | default (printf "%s-database" (include "yizhan.name" .)) }}
      key: {{ .s.database.key }}
{{- $secret := .s.keys.existingSecret | default (printf "%s-keys" (include "yizhan.name" .)) }}
{{- range $setting, $key := $service.secrets }}
- name: {{ $variable }}_{{ upper $setting }}
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ $key }}
{{- end }}
{{- if and $service.caches .root.Values.redis.enabled }}
- name: {{ $variable }}_CACHE_URL
  valueFrom:
    secretKeyRef:
      {{- /* Two registers of one kind must not share what they cache: each shard has its own Redis, or a number of its own in one. */}}
      {{- $redis := (.shard | default dict).redis | default dict }}
      name: {{ coalesce $redis.existingSecret .root.Values.redis.existingSecret (include "yizhan.name" (dict "root" .root "name" "redis" "shard" .shard)) }}
      key: {{ $redis.key | default .root.Values.redis.key }}
{{- end }}
{{- end -}}

{{- /* What contradicts itself is refused here, in words; what a single value may be says values.schema.json. */ -}}
{{- define "yizhan.check" -}}
{{- $v := .Values -}}
{{- if not (or $v.callers.mutualTls $v.callers.trustHeader) -}}
{{- fail "callers: say how a server knows who calls: callers.mutualTls, where gateways may bring tokens (callers.jwt), or callers.trustHeader behind a gateway that sets yizhan-caller. Services have no tokens: with tokens alone they could not call each other" -}}
{{- end -}}
{{- if and $v.callers.mutualTls (not $v.tls.enabled) -}}
{{- fail "callers.mutualTls needs tls.enabled: a certificate is asked for in the TLS handshake" -}}
{{- end -}}
{{- if and $v.callers.jwt.issuer (not $v.callers.jwt.audience) -}}
{{- fail "callers.jwt.audience: say whom a token must be meant for; without it a token for anybody would be taken" -}}
{{- end -}}
{{- if and $v.callers.jwt.issuer (not $v.callers.jwt.configMap) -}}
{{- fail "callers.jwt.configMap: say where the issuer's keys are (jwks.json in it), or by which authority callers.jwt.jwksUrl is known (ca.crt in it)" -}}
{{- end -}}
{{- if and $v.callers.trustHeader (or $v.callers.mutualTls $v.callers.jwt.issuer) -}}
{{- fail "callers.trustHeader is instead of mutualTls and jwt: beside them a gateway is known by its certificate (callers.gateways)" -}}
{{- end -}}
{{- if and $v.callers.rules (not $v.callers.mutualTls) -}}
{{- fail "callers.rules is about names in certificates and tokens: set callers.mutualTls" -}}
{{- end -}}
{{- if and $v.tls.certManager.enabled (not $v.tls.enabled) -}}
{{- fail "tls.certManager.enabled needs tls.enabled" -}}
{{- end -}}
{{- if and $v.podMonitor.enabled (not $v.metrics.enabled) -}}
{{- fail "podMonitor.enabled needs metrics.enabled: there is nothing to scrape" -}}
{{- end -}}
{{- include "yizhan.checkShards" . -}}
{{- range $shard := (include "yizhan.shards" . | fromYaml).all -}}
{{- range $name := splitList " " (include "yizhan.installed" $) -}}
{{- $s := include "yizhan.values" (dict "root" $ "name" $name "shard" $shard) | fromYaml -}}
{{- if and $s.autoscaling.enabled (gt (int64 $s.autoscaling.minReplicas) (int64 $s.autoscaling.maxReplicas)) -}}
{{- fail (printf "%s.autoscaling: minReplicas %d is above maxReplicas %d" $name (int64 $s.autoscaling.minReplicas) (int64 $s.autoscaling.maxReplicas)) -}}
{{- end -}}
{{- if and $.Values.requireDigests (not $s.image.digest) -}}
{{- fail (printf "%s.image.digest is not set, and requireDigests is" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and $v.requireDigests (or $v.tests.enabled $v.booksCheck.enabled) (not $v.tests.image.digest) -}}
{{- fail "tests.image.digest is not set, and requireDigests is: `helm test` and the check of books run where production does" -}}
{{- end -}}
{{- end -}}

{{- /* Each area is one shard's, and each shard has databases and a Redis of its own. */ -}}
{{- define "yizhan.checkShards" -}}
{{- $known := dict -}}
{{- $names := list -}}
{{- range $shard := .Values.shards -}}
{{- if has .name $names -}}
{{- fail (printf "shards: there are two with the name %s" .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- $longest := printf "%s-migrate" (include "yizhan.name" (dict "root" $ "name" "enrollment" "shard" .)) -}}
{{- if gt (len $longest) 63 -}}
{{- fail (printf "shards: %s is longer than a name may be: a shorter fullnameOverride, or a shorter name of the shard" $longest) -}}
{{- end -}}
{{- range $area := .areas -}}
{{- $prefix := include "yizhan.prefix" $area -}}
{{- range $other, $whose := $known -}}
{{- $theirs := include "yizhan.prefix" $other -}}
{{- if or (hasPrefix $theirs $prefix) (hasPrefix $prefix $theirs) -}}
{{- fail (printf "shards: %s of %s and %s of %s have ground in common: an area is one shard's" $area $shard.name $other $whose) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $known $area $shard.name -}}
{{- end -}}
{{- range $name := list "audit" "credit" -}}
{{- if hasKey (get $shard $name | default dict) "enabled" -}}
{{- fail (printf "shards: %s.enabled is for all shards: set it at the top" $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if .Values.shards -}}
{{- range $name := splitList " " (include "yizhan.installed" .) -}}
{{- if or (dig "database" "existingSecret" "" (get $.Values $name)) (dig "database" "replicaSecret" "" (get $.Values $name)) -}}
{{- fail (printf "%s.database.existingSecret and replicaSecret are one database, and each shard has its own: say it under the shard, or leave it out" $name) -}}
{{- end -}}
{{- end -}}
{{- if or .Values.defaults.database.existingSecret .Values.defaults.database.replicaSecret (and .Values.redis.enabled .Values.redis.existingSecret) -}}
{{- fail "defaults.database.existingSecret, replicaSecret and redis.existingSecret are one database and one Redis, and each shard has its own: say them under the shard, or leave them out" -}}
{{- end -}}
{{- end -}}
{{- end -}}
