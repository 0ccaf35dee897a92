# bash completion for dispcheck
# Read it in ~/.bashrc: source <(dispcheck completion bash)

_dispcheck() {
	local rest=${COMP_LINE:0:COMP_POINT} lead word line directive= strip= current i
	local -a words=() offers=()
	COMPREPLY=()
	# bash splits words at = and :, so --format=json arrives in three pieces: put them together again
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		lead=${rest%%[![:space:]]*}
		rest=${rest#"$lead"}
		((i == COMP_CWORD)) && word=$rest
		if [[ -z $lead && $i -gt 0 ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
		fi
		rest=${rest#"$word"}
	done
	current=${words[${#words[@]} - 1]}
	while IFS= read -r line; do
		case $line in
		:*) directive=$line ;;
		*) offers+=("${line%%$'\t'*}") ;;
		esac
	done < <("${words[0]/#\~/$HOME}" __complete "@$current" "${words[@]:1:${#words[@]}-2}" 2>/dev/null)
	# and give back only the piece that it asked for
	case $current in
	*[=:]*) strip=${current%"${current##*[=:]}"} ;;
	esac
	for line in ${offers[@]+"${offers[@]}"}; do
		COMPREPLY+=("${line#"$strip"}")
	done
	case $directive in
	:files | :folders)
		local kind=-f
		[[ $directive == :folders ]] && kind=-d
		[[ ${#COMPREPLY[@]} -eq 0 ]] && compopt -o filenames 2>/dev/null
		while IFS= read -r line; do
			COMPREPLY+=("$line")
		done < <(compgen "$kind" -- "${current#"$strip"}")
		;;
	esac
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
	return 0
}

complete -F _dispcheck dispcheck
