# SPDX-License-Identifier: Apache-2.0
# Kubernetes' server programs from Debian's own source package. Sourced by scripts/cluster.

programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)

built() {
    local program
    for program in "${programs[@]}"; do [[ -x $bin/$program ]] || return 1; done
}

# Compiles once; the programs are kept in $bin, and each appears there only when it is whole.
build() {
    built && return
    have go || fail "no Go compiler, which builds Kubernetes from its source package" "scripts/setup"
    mkdir -p "$cache_root"
    exec 8>"$cache_root/build.lock"
    flock -n 8 || { say "cluster: waiting for another build"; flock 8; }
    if ! built; then
        say "cluster: compiling Kubernetes $version from Debian's source package, once, 4 to 8 minutes"
        local work started=$SECONDS
        work=$(mktemp -d "$cache_root/build.XXXXXX")
        # A subshell with its own -e: a failing step must not reach the next one, and the folder must go.
        local status=0
        (compile "$work" 8>&-) >"$cache_root/build.log" 2>&1 &
        wait $! || status=$?
        chmod -R u+w "$work"
        rm -rf "$work"
        if ((status != 0)); then
            tail -n 20 "$cache_root/build.log" >&2
            fail "Kubernetes did not compile; the whole log is $cache_root/build.log" \
                "Debian 12's package sources must be reachable by apt-get, and 6 GB be free"
        fi
        say "cluster: compiled in $((SECONDS - started)) s"
    fi
    exec 8>&-
}

compile() {
    set -euo pipefail
    local work=$1 file
    cd "$work"
    # The machine's own Debian sources, asked for source packages, in lists of our own.
    mkdir -p lists/partial parts
    for file in /etc/apt/sources.list.d/*.sources; do
        if [[ -f $file ]]; then sed 's/^Types:.*/Types: deb-src/' "$file" >"parts/$(basename "$file")"; fi
    done
    if [[ -f /etc/apt/sources.list ]]; then sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >parts/main.list; fi
    local apt=(apt-get -o "Dir::State::Lists=$work/lists" -o Dir::Etc::SourceList=/dev/null
        -o "Dir::Etc::SourceParts=$work/parts")
    "${apt[@]}" update -qq
    "${apt[@]}" source -qq --download-only kubernetes golang-github-modern-go-reflect2

    local tree=gopath/src/k8s.io/kubernetes
    mkdir -p "$tree"
    tar xf kubernetes_*"$version".orig.tar.gz -C "$tree" --strip-components=1
    # The tree's own copy is older than the compiler: it reads maps as Go kept them before 1.18, and the API server dies of
    # the first custom resource. Debian's is the next version.
    rm -rf "$tree/vendor/github.com/modern-go/reflect2"
    mkdir "$tree/vendor/github.com/modern-go/reflect2"
    tar xf golang-github-modern-go-reflect2_*.orig.tar.gz -C "$tree/vendor/github.com/modern-go/reflect2" \
        --strip-components=1 --exclude='*_test.go' --exclude='*/reflect2tests'
    cd "$tree"
    # GOPATH mode: in module mode Go 1.19 refuses this tree's go.mod.
    export GO111MODULE=off GOPATH=$work/gopath GOCACHE=$work/gocache GOFLAGS='' CGO_ENABLED=0
    # The generated OpenAPI definitions are not in the source package; the generator is.
    go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    local packages
    packages=$(grep -rl --include='*.go' '+k8s:openapi-gen=true' staging/src pkg |
        grep -vE '_test|_examples|sample-' | xargs -n1 dirname |
        sed 's#staging/src/#k8s.io/kubernetes/vendor/#; s#^pkg/#k8s.io/kubernetes/pkg/#' | sort -u | paste -sd,)
    "$work/openapi-gen" -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
        -h hack/boilerplate/boilerplate.generatego.txt -r "$work/report" --output-base "$work/gopath/src"

    local vendor=k8s.io/kubernetes/vendor/k8s.io program
    local flags="-s -w -X $vendor/component-base/version.gitVersion=v$version"
    flags+=" -X $vendor/component-base/version.gitMajor=1 -X $vendor/component-base/version.gitMinor=20"
    flags+=" -X $vendor/client-go/pkg/version.gitVersion=v$version"
    mkdir -p "$bin"
    for program in "${programs[@]}"; do
        go build -ldflags "$flags" -o "$bin/$program.new" "./cmd/$program"
        mv "$bin/$program.new" "$bin/$program"
    done
}
