{{- /* What a service may be asked by and may ask: the arrows of files/arrows.yaml, and what stands in values. Nothing else. */ -}}

{{- define "yizhan.dns" -}}
- to:
    {{- toYaml .root.Values.networkPolicy.dns | nindent 4 }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}

{{- define "yizhan.database" -}}
- to:
    {{- toYaml .root.Values.networkPolicy.database.to | nindent 4 }}
  ports:
    - {port: {{ int64 .root.Values.networkPolicy.database.port }}, protocol: TCP}
{{- end -}}

{{- /* Where a mesh carries what goes to a service's port. Its own policies say to which port it leads (k8s/components/mesh). */ -}}
{{- define "yizhan.mesh" -}}
{{- if .root.Values.networkPolicy.mesh -}}
- {port: 15008, protocol: TCP}
{{- end -}}
{{- end -}}

{{- define "yizhan.networkPolicy" -}}
{{- $c := . -}}
{{- $policy := .root.Values.networkPolicy -}}
{{- $services := .root.Files.Get "files/services.yaml" | fromYaml -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "yizhan.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- $calledBy := include "yizhan.calledBy" . }}
    - from:
        {{- if $calledBy }}
        {{- range splitList " " $calledBy }}
        - podSelector:
            matchLabels:
              {{- include "yizhan.selector" (dict "root" $c.root "name" . "shard" $c.shard) | nindent 14 }}
        {{- end }}
        {{- end }}
        {{- if .root.Values.tests.enabled }}
        - podSelector:
            matchLabels:
              {{- include "yizhan.selector" (dict "root" $c.root "name" "check" "shard" $c.shard) | nindent 14 }}
        {{- end }}
        {{- if and .root.Values.booksCheck.enabled (eq .name "settlement") }}
        - podSelector:
            matchLabels:
              {{- include "yizhan.selector" (dict "root" $c.root "name" "books" "shard" $c.shard) | nindent 14 }}
        {{- end }}
        {{- with $policy.callers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {port: grpc, protocol: TCP}
        {{- with include "yizhan.mesh" . }}{{ . | nindent 8 }}{{ end }}
    {{- if $policy.mesh }}
    - from:
        - ipBlock: {cidr: 169.254.7.127/32}
      ports:
        - {port: health, protocol: TCP}
    {{- end }}
    {{- if .root.Values.metrics.enabled }}
    - from:
        {{- toYaml $policy.scrapers | nindent 8 }}
      ports:
        - {port: metrics, protocol: TCP}
    {{- end }}
  egress:
    {{- include "yizhan.dns" . | nindent 4 }}
    {{- include "yizhan.database" . | nindent 4 }}
    {{- if and .service.caches .root.Values.redis.enabled }}
    - to:
        {{- toYaml $policy.redis.to | nindent 8 }}
      ports:
        - {port: {{ int64 $policy.redis.port }}, protocol: TCP}
    {{- end }}
    {{- if .root.Values.telemetry.otlpEndpoint }}
    - to:
        {{- toYaml $policy.collector.to | nindent 8 }}
      ports:
        - {port: {{ int64 $policy.collector.port }}, protocol: TCP}
    {{- end }}
    {{- $calls := include "yizhan.calls" . }}
    {{- if $calls }}
    {{- range splitList " " $calls }}
    - to:
        - podSelector:
            matchLabels:
              {{- include "yizhan.selector" (dict "root" $c.root "name" . "shard" $c.shard) | nindent 14 }}
      ports:
        - {port: {{ int64 (get $services .).port }}, protocol: TCP}
        {{- with include "yizhan.mesh" $c }}{{ . | nindent 8 }}{{ end }}
    {{- end }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
