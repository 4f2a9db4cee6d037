{{- /* Tables are brought up to date before the first new process starts. `--migrate` takes a lock, may be repeated, and changes nothing
       that older processes rely on. Not the service's own ConfigMap: a hook runs before it is there. The default listens on loopback, so
       nothing has to be said about callers. The certificates are for the authority of the database, where its address names ca.crt. */ -}}
{{- define "yizhan.migration" -}}
{{- $hooks := ternary "pre-upgrade" "pre-install,pre-upgrade" .root.Values.tls.certManager.enabled -}}
{{- $m := merge (dict "suffix" "-migrate") . -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- include "yizhan.metadata" $m | nindent 2 }}
  annotations:
    helm.sh/hook: {{ $hooks }}
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  backoffLimit: {{ int64 .root.Values.migrations.backoffLimit }}
  activeDeadlineSeconds: {{ int64 .root.Values.migrations.deadlineSeconds }}
  template:
    metadata:
      labels:
        {{- include "yizhan.migrationSelector" . | nindent 8 }}
    spec:
      restartPolicy: Never
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- include "yizhan.pullSecrets" . | nindent 6 }}
      securityContext:
        {{- include "yizhan.podSecurity" . | nindent 8 }}
      containers:
        - name: migrate
          image: {{ include "yizhan.image" . | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: ["--migrate"]
          env:
            - {name: YIZHAN_TELEMETRY_LOG_FORMAT, value: json}
            {{- include "yizhan.secretEnv" . | nindent 12 }}
          resources:
            {{- toYaml .root.Values.migrations.resources | nindent 12 }}
          securityContext:
            {{- include "yizhan.containerSecurity" . | nindent 12 }}
          volumeMounts:
            {{- if .root.Values.tls.enabled }}
            - {name: tls, mountPath: /etc/yizhan/tls, readOnly: true}
            {{- end }}
            - {name: tmp, mountPath: /tmp}
      volumes:
        {{- if .root.Values.tls.enabled }}
        - name: tls
          secret: {secretName: {{ include "yizhan.tlsSecret" . }}, defaultMode: 0440, optional: true}
        {{- end }}
        - name: tmp
          emptyDir: {medium: Memory, sizeLimit: 16Mi}
{{- if .root.Values.networkPolicy.enabled }}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "yizhan.metadata" $m | nindent 2 }}
  annotations:
    helm.sh/hook: {{ $hooks }}
    helm.sh/hook-weight: "-10"
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  podSelector:
    matchLabels:
      {{- include "yizhan.migrationSelector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress: []
  egress:
    {{- include "yizhan.dns" . | nindent 4 }}
    {{- include "yizhan.database" . | nindent 4 }}
{{- end }}
{{- end -}}

{{- /* Not the component of the service: the pod of a migration must not be found by its Service or counted by its budget. */ -}}
{{- define "yizhan.migrationSelector" -}}
{{ include "yizhan.selector" (dict "root" .root "name" (printf "%s-migrate" .name) "shard" .shard) }}
{{- end -}}
