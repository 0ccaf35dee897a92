#compdef dispcheck
# zsh completion for dispcheck
# Write it to a folder of $fpath: dispcheck completion zsh > "${fpath[1]}/_dispcheck"

_dispcheck() {
	local line name directive
	local -a lines offers before
	before=("${(@Q)words[2,CURRENT-1]}")
	(( CURRENT > 2 )) || before=()
	lines=("${(@f)$("${(Q)words[1]}" __complete "@${(Q)words[CURRENT]}" "${before[@]}" 2>/dev/null)}")
	for line in "${lines[@]}"; do
		case $line in
		:*) directive=$line ;;
		?*)
			name=${line%%$'\t'*}
			if [[ $line == *$'\t'* ]]; then
				offers+=("${name//:/\\:}:${line#*$'\t'}")
			else
				offers+=("${name//:/\\:}")
			fi
			;;
		esac
	done
	(( ${#offers} )) && _describe -t values 'dispcheck' offers
	case $directive in
	:files) _files ;;
	:folders) _files -/ ;;
	esac
}

if [[ ${funcstack[1]} == _dispcheck ]]; then
	_dispcheck "$@"
else
	compdef _dispcheck dispcheck
fi
