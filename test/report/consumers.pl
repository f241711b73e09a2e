# Reads the TAP files given, on standard input, with prove's own parser; prints for each: name, results, problems.
use strict;
use warnings;
use TAP::Parser;
while ( my $file = <STDIN> ) {
    chomp $file;
    open my $tap, '<', $file or die $!;
    my $parser = TAP::Parser->new( { source => $tap } );
    my @points;
    while ( my $result = $parser->next ) {
        push @points, $result->is_ok ? 'ok' : 'not ok' if $result->is_test;
    }
    print join( "\t", $file, join( ',', @points ), scalar $parser->parse_errors ), "\n";
}
