export declare function generate(): Promise<void>;
