# PowerShell completion for dispcheck
# Read it in the profile: dispcheck completion powershell | Out-String | Invoke-Expression

Register-ArgumentCompleter -Native -CommandName dispcheck -ScriptBlock {
	param($current, $command, $cursor)
	$before = @($command.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
	$program = $command.CommandElements[0].ToString()
	& $program __complete "@$current" @before 2>$null | ForEach-Object {
		if ($_ -eq ':files' -or $_ -eq ':folders') {
			Get-ChildItem -Path "$current*" -Directory:($_ -eq ':folders') -ErrorAction SilentlyContinue | ForEach-Object {
				$path = Resolve-Path -Relative -LiteralPath $_.FullName
				[System.Management.Automation.CompletionResult]::new($path, $path, 'ProviderItem', $path)
			}
		} elseif (-not $_.StartsWith(':')) {
			$name, $about = $_ -split "`t", 2
			if (-not $about) { $about = $name }
			[System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $about)
		}
	}
}
