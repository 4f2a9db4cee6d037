{{- /* Names and labels. Everywhere below, `.` is a dict: root (the chart's context), name (of the service), s (its values), shard (the one of
       `shards` it is of; none where there are no shards). */ -}}

{{- define "yizhan.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "yizhan.chart" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "yizhan.chart" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "yizhan.chart" -}}
{{- default .Chart.Name .Values.nameOverride -}}
{{- end -}}

{{- /* yizhan-settlement, yizhan-settlement-quzhou: Deployment, Service, ServiceAccount and what else belongs to one service. */ -}}
{{- define "yizhan.name" -}}
{{- printf "%s-%s" (include "yizhan.fullname" .root) .name -}}
{{- with .shard }}-{{ .name }}{{ end -}}
{{- end -}}

{{- /* The values of one service: `defaults`, over them its own, over those what its shard says of it. As YAML. */ -}}
{{- define "yizhan.values" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.defaults) (deepCopy (get .root.Values .name)) (deepCopy (get (.shard | default dict) .name | default dict)) | toYaml -}}
{{- end -}}

{{- /* By these a pod is found; they never change. */ -}}
{{- define "yizhan.selector" -}}
app.kubernetes.io/name: {{ include "yizhan.chart" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- with .shard }}
yizhan/shard: {{ .name }}
{{- end }}
{{- end -}}

{{- define "yizhan.labels" -}}
{{ include "yizhan.selector" . }}
app.kubernetes.io/part-of: yizhan
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* name, namespace and labels of an object of a service. */ -}}
{{- define "yizhan.metadata" -}}
name: {{ include "yizhan.name" . }}{{ .suffix | default "" }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "yizhan.labels" . | nindent 2 }}
{{- end -}}

{{- /* Registry, repository and digest or tag; a digest goes before a tag. */ -}}
{{- define "yizhan.image" -}}
{{- $common := .root.Values.image -}}
{{- $own := .s.image -}}
{{- $name := $own.repository | default (printf "%s-%s" $common.repository .name) -}}
{{- with $common.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- if $own.digest -}}
{{- printf "%s@%s" $name $own.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (coalesce $own.tag $common.tag .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- /* Which of the five are installed, divided by blanks; audit and credit may be left out. */ -}}
{{- define "yizhan.installed" -}}
enrollment filing settlement{{ if .Values.audit.enabled }} audit{{ end }}{{ if .Values.credit.enabled }} credit{{ end }}
{{- end -}}

{{- /* The shards as a list under `all`, as YAML; one that says nothing where there are none. */ -}}
{{- define "yizhan.shards" -}}
{{- dict "all" (.Values.shards | default (list dict)) | toYaml -}}
{{- end -}}

{{- /* What the codes of an area begin with: 3308 of 330800. */ -}}
{{- define "yizhan.prefix" -}}
{{- if hasSuffix "0000" . }}{{ substr 0 2 . }}{{ else }}{{ trimSuffix "00" . }}{{ end -}}
{{- end -}}

{{- /* Whom a service calls, of those that are installed, divided by blanks: files/arrows.yaml. */ -}}
{{- define "yizhan.calls" -}}
{{- $arrows := .root.Files.Get "files/arrows.yaml" | fromYaml -}}
{{- $installed := splitList " " (include "yizhan.installed" .root) -}}
{{- $calls := list -}}
{{- range get $arrows .name }}{{ if has . $installed }}{{ $calls = append $calls . }}{{ end }}{{ end -}}
{{- join " " $calls -}}
{{- end -}}

{{- /* Who calls a service, of those that are installed, divided by blanks. */ -}}
{{- define "yizhan.calledBy" -}}
{{- $arrows := .root.Files.Get "files/arrows.yaml" | fromYaml -}}
{{- $callers := list -}}
{{- $name := .name -}}
{{- range splitList " " (include "yizhan.installed" .root) }}{{ if has $name (get $arrows .) }}{{ $callers = append $callers . }}{{ end }}{{ end -}}
{{- join " " $callers -}}
{{- end -}}

{{- /* Under which names a service is found, for its certificate: as integrators call it, and as the other services do. */ -}}
{{- define "yizhan.hosts" -}}
{{- $name := include "yizhan.name" . -}}
{{- $namespace := .root.Release.Namespace -}}
{{- range list $name (printf "%s-peers" $name) }}
- {{ . }}
- {{ . }}.{{ $namespace }}
- {{ . }}.{{ $namespace }}.svc
- {{ . }}.{{ $namespace }}.svc.{{ $.root.Values.clusterDomain }}
{{- end }}
{{- end -}}
