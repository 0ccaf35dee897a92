# fish completion for dispcheck
# Write it to ~/.config/fish/completions: dispcheck completion fish > ~/.config/fish/completions/dispcheck.fish

function __dispcheck_complete
	set -l before (commandline -opc)
	set -l current (commandline -ct)
	set -l program $before[1]
	set -e before[1]
	for line in ($program __complete "@$current" $before 2>/dev/null)
		switch $line
			case ':files' ':folders'
				__fish_complete_path "$current"
			case ':*'
			case '*'
				echo $line
		end
	end
end

complete -c dispcheck -f -a '(__dispcheck_complete)'
