{{- /* Everything of one service, once for each shard. */ -}}
{{- define "yizhan.service" -}}
{{- include "yizhan.check" .root -}}
{{- if has .name (splitList " " (include "yizhan.installed" .root)) -}}
{{- $here := . -}}
{{- range $at, $shard := (include "yizhan.shards" .root | fromYaml).all }}
{{- if $at }}
---
{{ end }}
{{- include "yizhan.serviceOfShard" (dict "root" $here.root "name" $here.name "shard" $shard) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* One document after the other. */ -}}
{{- define "yizhan.serviceOfShard" -}}
{{- $c := dict "root" .root "name" .name "shard" .shard "s" (include "yizhan.values" . | fromYaml) "service" (get (.root.Files.Get "files/services.yaml" | fromYaml) .name) -}}
{{ include "yizhan.serviceAccount" $c }}
---
{{ include "yizhan.configMap" $c }}
---
{{ include "yizhan.services" $c }}
---
{{ include "yizhan.deployment" $c }}
{{- if $c.s.autoscaling.enabled }}
---
{{ include "yizhan.autoscaler" $c }}
{{- end }}
---
{{ include "yizhan.disruptionBudget" $c }}
{{- if .root.Values.networkPolicy.enabled }}
---
{{ include "yizhan.networkPolicy" $c }}
{{- end }}
{{- if .root.Values.migrations.enabled }}
---
{{ include "yizhan.migration" $c }}
{{- end }}
{{- if .root.Values.tls.certManager.enabled }}
---
{{ include "yizhan.certificate" $c }}
{{- end }}
{{- if .root.Values.gateway.enabled }}
---
{{ include "yizhan.route" $c }}
{{- end }}
{{- end -}}

{{- /* For its name alone: nothing here asks the Kubernetes API, so no token is mounted. */ -}}
{{- define "yizhan.serviceAccount" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
  {{- with .s.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end -}}

{{- define "yizhan.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
data:
  yizhan.toml: |
    {{- include "yizhan.config" . | nindent 4 }}
  {{- with include "yizhan.callers" .root | trim }}
  callers.toml: |
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* One address for integrators and gateways; and one without an address of its own for the other services, which hold several
       connections and balance between the processes behind it. */ -}}
{{- define "yizhan.services" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
  {{- with .s.service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ .s.service.type }}
  selector:
    {{- include "yizhan.selector" . | nindent 4 }}
  ports:
    - {name: grpc, port: {{ int64 .service.port }}, targetPort: grpc, protocol: TCP, appProtocol: {{ ternary "https" "kubernetes.io/h2c" .root.Values.tls.enabled }}}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "yizhan.metadata" (merge (dict "suffix" "-peers") .) | nindent 2 }}
spec:
  type: ClusterIP
  clusterIP: None
  selector:
    {{- include "yizhan.selector" . | nindent 4 }}
  ports:
    - {name: grpc, port: {{ int64 .service.port }}, targetPort: grpc, protocol: TCP, appProtocol: {{ ternary "https" "kubernetes.io/h2c" .root.Values.tls.enabled }}}
{{- end -}}

{{- define "yizhan.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ int64 .root.Values.runAs.user }}
runAsGroup: {{ int64 .root.Values.runAs.group }}
fsGroup: {{ int64 .root.Values.runAs.group }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "yizhan.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "yizhan.pullSecrets" -}}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* Processes of one service spread over zones and nodes. */ -}}
{{- define "yizhan.spread" -}}
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: {{ .s.spread.zones }}
  labelSelector:
    matchLabels:
      {{- include "yizhan.selector" . | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: {{ .s.spread.nodes }}
  labelSelector:
    matchLabels:
      {{- include "yizhan.selector" . | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end -}}

{{- define "yizhan.deployment" -}}
{{- $v := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
spec:
  {{- if not .s.autoscaling.enabled }}
  replicas: {{ int64 .s.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  minReadySeconds: 5
  selector:
    matchLabels:
      {{- include "yizhan.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  template:
    metadata:
      labels:
        {{- include "yizhan.selector" . | nindent 8 }}
        app.kubernetes.io/part-of: yizhan
        {{- with .s.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        checksum/config: {{ printf "%s\n%s" (include "yizhan.config" .) (include "yizhan.callers" .root) | sha256sum }}
        {{- with .s.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "yizhan.name" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      {{- include "yizhan.pullSecrets" . | nindent 6 }}
      terminationGracePeriodSeconds: {{ add (int64 .s.preStopSeconds) (int64 .s.drainSeconds) 10 }}
      {{- with .s.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      securityContext:
        {{- include "yizhan.podSecurity" . | nindent 8 }}
      topologySpreadConstraints:
        {{- include "yizhan.spread" . | nindent 8 }}
      {{- with .s.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .s.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .s.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .name }}
          image: {{ include "yizhan.image" . | quote }}
          imagePullPolicy: {{ $v.image.pullPolicy }}
          env:
            - {name: YIZHAN_CONFIG, value: /etc/yizhan/config/yizhan.toml}
            {{- include "yizhan.secretEnv" . | nindent 12 }}
            {{- with .s.database.replicaSecret }}
            - name: YIZHAN_{{ upper $.name }}_DATABASE_REPLICA_URL
              valueFrom:
                secretKeyRef:
                  name: {{ . }}
                  key: {{ $.s.database.replicaKey }}
            {{- end }}
          ports:
            - {name: grpc, containerPort: {{ int64 .service.port }}, protocol: TCP}
            - {name: health, containerPort: 9465, protocol: TCP}
            {{- if $v.metrics.enabled }}
            - {name: metrics, containerPort: 9464, protocol: TCP}
            {{- end }}
          {{- /* Started and ready: the service's own name, which also says whether its database answers. Alive: no name; starting a
                 process anew does not bring a database back. */}}
          startupProbe:
            grpc: {port: 9465, service: {{ .service.ready }}}
            {{- toYaml .s.probes.startup | nindent 12 }}
          readinessProbe:
            grpc: {port: 9465, service: {{ .service.ready }}}
            {{- toYaml .s.probes.readiness | nindent 12 }}
          livenessProbe:
            grpc: {port: 9465}
            {{- toYaml .s.probes.liveness | nindent 12 }}
          lifecycle:
            preStop:
              sleep: {seconds: {{ int64 .s.preStopSeconds }}}
          resources:
            {{- toYaml .s.resources | nindent 12 }}
          securityContext:
            {{- include "yizhan.containerSecurity" . | nindent 12 }}
          volumeMounts:
            - {name: config, mountPath: /etc/yizhan/config, readOnly: true}
            {{- if $v.tls.enabled }}
            - {name: tls, mountPath: /etc/yizhan/tls, readOnly: true}
            {{- end }}
            {{- if $v.callers.jwt.configMap }}
            - {name: jwks, mountPath: /etc/yizhan/jwks, readOnly: true}
            {{- end }}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - name: config
          configMap: {name: {{ include "yizhan.name" . }}}
        {{- if $v.tls.enabled }}
        - name: tls
          secret: {secretName: {{ include "yizhan.tlsSecret" . }}, defaultMode: 0440}
        {{- end }}
        {{- with $v.callers.jwt.configMap }}
        - name: jwks
          configMap: {name: {{ . }}}
        {{- end }}
        - name: tmp
          emptyDir: {medium: Memory, sizeLimit: 16Mi}
{{- end -}}

{{- define "yizhan.tlsSecret" -}}
{{- .s.tls.existingSecret | default (printf "%s-tls" (include "yizhan.name" .)) -}}
{{- end -}}

{{- define "yizhan.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "yizhan.name" . }}}
  minReplicas: {{ int64 .s.autoscaling.minReplicas }}
  maxReplicas: {{ int64 .s.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ int64 .s.autoscaling.targetCpuPercent }}}
  behavior:
    {{- toYaml .s.autoscaling.behavior | nindent 4 }}
{{- end -}}

{{- define "yizhan.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .s.disruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "yizhan.selector" . | nindent 6 }}
{{- end -}}

{{- define "yizhan.certificate" -}}
{{- $manager := .root.Values.tls.certManager -}}
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
spec:
  secretName: {{ include "yizhan.tlsSecret" . }}
  duration: {{ $manager.duration }}
  renewBefore: {{ $manager.renewBefore }}
  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}
  usages: [server auth, client auth]
  dnsNames:
    {{- include "yizhan.hosts" . | nindent 4 }}
  uris:
    - spiffe://yizhan/ns/{{ .root.Release.Namespace }}/sa/yizhan-{{ .name }}
  issuerRef:
    {{- toYaml $manager.issuerRef | nindent 4 }}
{{- end -}}

{{- /* With shards a call is led by the area it is for, which whoever calls says. */ -}}
{{- define "yizhan.route" -}}
{{- $gateway := .root.Values.gateway -}}
{{- $areas := "" -}}
{{- with .shard -}}
{{- $codes := list -}}
{{- range .areas -}}
{{- $prefix := include "yizhan.prefix" . -}}
{{- $codes = append $codes (printf "%s%s" $prefix (repeat (int (sub 6 (len $prefix))) "[0-9]")) -}}
{{- end -}}
{{- $areas = printf "^(%s)$" (join "|" $codes) -}}
{{- end -}}
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata:
  {{- include "yizhan.metadata" . | nindent 2 }}
spec:
  parentRefs:
    {{- toYaml $gateway.parentRefs | nindent 4 }}
  {{- with $gateway.hostnames }}
  hostnames:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  rules:
    - matches:
        {{- range .service.contract }}
        - method: {type: Exact, service: {{ printf "yizhan.%s.v1.%s" $.name . }}}
          {{- with $areas }}
          headers:
            - {type: RegularExpression, name: yizhan-area, value: {{ . | quote }}}
          {{- end }}
        {{- end }}
      backendRefs:
        - {name: {{ include "yizhan.name" . }}, port: {{ int64 .service.port }}}
{{- end -}}
